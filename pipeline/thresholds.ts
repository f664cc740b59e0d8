import { z } from 'zod';
import type { Deciding } from '../tasks/index.js';
import {
  defaultObjective,
  defaultThresholdMethod,
  thresholdMethods,
  type Objective,
  type ThresholdSearch,
} from '../tasks/thresholds.js';
import { calibrationOf } from './calibration.js';
import type { Pipeline } from './pipeline.js';
import type { ReadOnly } from './read-only.js';

const share = z.number().gt(0).max(1);
const amount = z.number().gt(0).max(1e6);

/** What a label's threshold is to reach. */
export const objectiveSchema = z.union(
  [
    z.literal(defaultObjective),
    z.strictObject({ fBeta: z.number().gt(0).max(100) }),
    z.strictObject({ precision: share }),
    z.strictObject({ recall: share }),
    z.strictObject({ cost: z.strictObject({ falsePositive: amount, falseNegative: amount }) }),
  ],
  {
    error:
      'f1, or a map with one of fBeta, precision, recall (each a number) and cost (a map with falsePositive and falseNegative)',
  },
) satisfies z.ZodType<Objective>;

const method = z.enum(thresholdMethods);

export const thresholdsSchema = z.union(
  [
    method,
    z.strictObject({
      method: method.default(defaultThresholdMethod),
      objective: objectiveSchema.default(defaultObjective),
      byLabel: z
        .record(z.string(), objectiveSchema)
        .exactOptional()
        .describe('The objectives of labels that have another one.'),
    }),
  ],
  { error: `one of ${thresholdMethods.join(', ')}, or a map with method, objective and byLabel` },
);

export type ThresholdOptions = ReadOnly<z.output<typeof thresholdsSchema>>;

/**
 * How the thresholds of a pipeline are found; undefined where that is as the reference method does: on the grid, by
 * F1. However it is written, the same search is the same value.
 */
export function searchOf({
  thresholds,
  labels,
}: Pick<Pipeline, 'thresholds' | 'labels'>): ThresholdSearch | undefined {
  if (thresholds === undefined) return undefined;
  const {
    method,
    objective,
    byLabel = {},
  } = typeof thresholds === 'string' ? { method: thresholds, objective: defaultObjective } : thresholds;
  const objectives = labels.map((label) => (Object.hasOwn(byLabel, label) ? byLabel[label]! : objective));
  const isPlain = objectives.every((each) => each === defaultObjective);
  if (!isPlain) return { method, objectives };
  return method === defaultThresholdMethod ? undefined : { method };
}

/** How the pipeline decides, where it does so otherwise than the reference method. */
export function decidingOf(pipeline: Pick<Pipeline, 'thresholds' | 'calibration' | 'labels'>): Deciding {
  const [thresholds, calibration] = [searchOf(pipeline), calibrationOf(pipeline)];
  return {
    ...(thresholds === undefined ? {} : { thresholds }),
    ...(calibration === undefined ? {} : { calibration }),
  };
}
