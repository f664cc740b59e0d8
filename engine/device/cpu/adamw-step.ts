import { ADAMW, clippingFactor, type AdamwSettings } from '../../optim/adamw.js';
import { ratesOf } from '../../optim/parameter-groups.js';
import type { ParameterMemory } from './parameter-memory.js';

/**
 * Clips the gradient norm, then steps AdamW (Loshchilov & Hutter 2019, algorithm 2; PyTorch's AdamW and
 * `clip_grad_norm_`). Leaves everything as it is where the norm is not finite.
 *
 * @param step 1 for the first
 * @param lossScale how many times too large the gradients are; a power of two costs no bit of them
 * @returns the norm of all gradients before clipping, without the loss scale
 */
export function adamwStep(
  memory: ParameterMemory,
  settings: AdamwSettings,
  learningRate: number,
  step: number,
  lossScale = 1,
): number {
  const scaledNorm = Math.sqrt(
    memory.ranges.reduce((sum, { kernels, state }) => sum + kernels.sumOfSquares(state.gradients), 0),
  );
  const norm = scaledNorm / lossScale;
  if (!Number.isFinite(norm)) return norm;
  const gradientScale = clippingFactor(norm, settings) / lossScale;
  for (const { kernels, state, group } of memory.ranges) {
    kernels.adamw(state, {
      ...ADAMW,
      ...ratesOf(group, learningRate, settings.weightDecay),
      step,
      gradientScale,
    });
  }
  return norm;
}
