/**
 * Dynamic loss scaling (Micikevicius et al. 2018, "Mixed Precision Training", sec. 3.2): the backward pass begins with a
 * large power of two, so that small gradients are not lost in float16, and it is taken out before the optimizer steps.
 */
export interface LossScaleSettings {
  readonly first: number;
  /** What it is multiplied by after `interval` clean steps in a row. */
  readonly growth: number;
  /** What it is multiplied by after a step that was not clean. */
  readonly backoff: number;
  readonly interval: number;
}

/** As torch.amp.GradScaler has them by default. */
export const gradScaler: LossScaleSettings = { first: 65_536, growth: 2, backoff: 0.5, interval: 2000 };

/** Where a training stands with it. */
export interface LossScale {
  readonly scale: number;
  /** In a row, since it was last changed. */
  readonly cleanSteps: number;
  /** Steps that moved the weights: the optimizer corrects its moments by them. */
  readonly updates: number;
}

/** In the order in which they are listed. */
export const lossScaleParts = ['scale', 'cleanSteps', 'updates'] as const satisfies (keyof LossScale)[];

export function firstLossScale({ first }: LossScaleSettings): LossScale {
  return { scale: first, cleanSteps: 0, updates: 0 };
}

/** @param finite whether loss and gradients of the step were: where they were not, the step is skipped */
export function nextLossScale(
  { scale, cleanSteps, updates }: LossScale,
  finite: boolean,
  { growth, backoff, interval }: LossScaleSettings,
): LossScale {
  if (!finite) return { scale: Math.fround(scale * backoff), cleanSteps: 0, updates };
  if (cleanSteps + 1 < interval) return { scale, cleanSteps: cleanSteps + 1, updates: updates + 1 };
  const grown = Math.fround(scale * growth);
  return { scale: Number.isFinite(grown) ? grown : scale, cleanSteps: 0, updates: updates + 1 };
}
