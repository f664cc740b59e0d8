/**
 * Linear warm-up over the first steps, then linear decay to 0 (transformers'
 * `get_linear_schedule_with_warmup`).
 *
 * @param step 0 for the first optimizer step, whose rate is 0 if there is any warm-up
 */
export function linearWarmup(step: number, peak: number, warmupSteps: number, totalSteps: number): number {
  if (step < warmupSteps) return (peak * step) / Math.max(1, warmupSteps);
  return peak * Math.max(0, (totalSteps - step) / Math.max(1, totalSteps - warmupSteps));
}
