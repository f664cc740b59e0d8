export interface AdamwSettings {
  readonly weightDecay: number;
  /** Gradients together longer than this are scaled down to it. */
  readonly maxGradNorm: number;
}

/** Of Adam (Kingma & Ba 2015), as PyTorch's AdamW has them by default. */
export const ADAMW = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;

/** PyTorch adds it to the norm that it divides by. */
export const clippingOffset = 1e-6;

/** What gradients of such a norm are multiplied by, as PyTorch's `clip_grad_norm_` does it. */
export function clippingFactor(norm: number, { maxGradNorm }: Pick<AdamwSettings, 'maxGradNorm'>): number {
  return Math.min(1, maxGradNorm / (norm + clippingOffset));
}
