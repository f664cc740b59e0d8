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

/** What a step multiplies by, of parameters of one rate and decay. */
export interface AdamwFactors {
  /** 1 − ηλ, of the weights. */
  readonly decay: number;
  /** −η/(1 − β₁ᵗ), of the first moment. */
  readonly minusStep: number;
}

/** @param step 1 for the first */
export function adamwFactors(
  { learningRate, weightDecay }: { readonly learningRate: number; readonly weightDecay: number },
  step: number,
): AdamwFactors {
  return { decay: 1 - learningRate * weightDecay, minusStep: -learningRate / (1 - ADAMW.beta1 ** step) };
}

/** √(1 − β₂ᵗ), by which the root of the second moment is divided. @param step 1 for the first */
export function rootCorrection2(step: number): number {
  return Math.sqrt(1 - ADAMW.beta2 ** step);
}
