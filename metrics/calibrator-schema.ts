import { z } from 'zod';
import type { Calibrator } from './calibrators.js';

const finite = z.number().min(-1e6).max(1e6);
/** Knots are about as many as the cube root of the rows; more are no regression of ours. */
const mostKnots = 1_000_000;
const points = z.array(z.number().min(0).max(1)).min(1).max(mostKnots);

/** What a calibrator must be that was read from somewhere. */
export const calibratorSchema = z.union([
  z.strictObject({ temperature: z.number().gt(0).max(1e6) }),
  z.strictObject({ slope: finite, intercept: finite }),
  z
    .strictObject({ knots: points, values: points })
    .refine(
      ({ knots, values }) =>
        knots.length === values.length &&
        knots.every((knot, place) => place === 0 || knot > knots[place - 1]!),
      'as many values as knots, which ascend',
    ),
]) satisfies z.ZodType<Calibrator>;
