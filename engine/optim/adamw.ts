import { ratesOf } from './parameter-groups.js';
import type { ParameterMemory } from './parameter-memory.js';

export interface AdamwSettings {
  readonly weightDecay: number;
  /** Gradients together longer than this are scaled down to it. */
  readonly maxGradNorm: number;
}

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/**
 * Clips the gradient norm, then steps AdamW (Loshchilov & Hutter 2019, algorithm 2; PyTorch's AdamW and
 * `clip_grad_norm_`). Leaves everything as it is where the norm is not finite.
 *
 * @param step 1 for the first
 * @returns the norm of all gradients before clipping
 */
export function adamwStep(
  memory: ParameterMemory,
  settings: AdamwSettings,
  learningRate: number,
  step: number,
): number {
  const norm = Math.sqrt(
    memory.ranges.reduce((sum, { kernels, state }) => sum + kernels.sumOfSquares(state.gradients), 0),
  );
  if (!Number.isFinite(norm)) return norm;
  const gradientScale = Math.min(1, settings.maxGradNorm / (norm + 1e-6));
  for (const { kernels, state, group } of memory.ranges) {
    kernels.adamw(state, {
      ...ratesOf(group, learningRate, settings.weightDecay),
      beta1: BETA1,
      beta2: BETA2,
      epsilon: EPSILON,
      step,
      gradientScale,
    });
  }
  return norm;
}
