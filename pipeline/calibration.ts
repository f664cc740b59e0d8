import { z } from 'zod';
import { calibrationMethods, type CalibrationMethod } from '../tasks/calibration.js';
import type { Pipeline } from './pipeline.js';

export const calibrationSchema = z.enum(['none', ...calibrationMethods]);

/** Undefined where probabilities are left as the models give them. */
export function calibrationOf({ calibration }: Pick<Pipeline, 'calibration'>): CalibrationMethod | undefined {
  return calibration === 'none' ? undefined : calibration;
}
