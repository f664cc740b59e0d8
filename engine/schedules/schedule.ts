/** How the learning rate goes over a training. */
export interface RateSettings {
  readonly peak: number;
  /** Share of the steps with a rising rate. */
  readonly warmupRatio: number;
}

/**
 * Linear warm-up over the first steps, then linear decay to 0 (transformers'
 * `get_linear_schedule_with_warmup`).
 *
 * @param step 0 for the first optimizer step, whose rate is 0 if there is any warm-up
 */
export function learningRate(step: number, totalSteps: number, { peak, warmupRatio }: RateSettings): number {
  return linearWarmup(step, peak, Math.trunc(warmupRatio * totalSteps), totalSteps);
}

export function linearWarmup(step: number, peak: number, warmupSteps: number, totalSteps: number): number {
  if (step < warmupSteps) return (peak * step) / Math.max(1, warmupSteps);
  return peak * Math.max(0, (totalSteps - step) / Math.max(1, totalSteps - warmupSteps));
}
