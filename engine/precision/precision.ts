import { gradScaler, type LossScaleSettings } from '../optim/loss-scale.js';

/** What the products of a training, of its judgements and of scoring are computed in (operators.ts has the rest). */
export const computePrecisions = ['float32', 'float16', 'bfloat16'] as const;

export type ComputePrecision = (typeof computePrecisions)[number];

/** Those of two bytes: what else is computed stays in float32. */
export type HalfPrecision = Exclude<ComputePrecision, 'float32'>;

/** Small gradients are lost in float16; bfloat16 and float32 have the same exponents. */
export function lossScaleOf(precision: ComputePrecision): LossScaleSettings | null {
  return precision === 'float16' ? gradScaler : null;
}
