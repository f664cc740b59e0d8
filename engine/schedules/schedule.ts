/** What the learning rate does once it has risen to its peak. */
export type ScheduleName = 'linear' | 'cosine' | 'constant' | 'polynomial';

/** How the learning rate goes over a training. */
export interface RateSettings {
  readonly schedule: ScheduleName;
  readonly peak: number;
  /** Share of the steps with a rising rate. */
  readonly warmupRatio: number;
  /** Of the polynomial. */
  readonly power: number;
}

/** Where the polynomial ends. */
const POLYNOMIAL_END = 1e-7;

/**
 * transformers' `get_…_schedule_with_warmup` of the same names, the cosine with its half period and the
 * polynomial with its end of 1e-7 (Loshchilov & Hutter 2017 for the cosine).
 *
 * @param remaining share of the steps after the warm-up that are still to come
 */
const decays: Readonly<Record<ScheduleName, (remaining: number, settings: RateSettings) => number>> = {
  linear: (remaining, { peak }) => peak * remaining,
  cosine: (remaining, { peak }) => peak * 0.5 * (1 + Math.cos(Math.PI * (1 - remaining))),
  constant: (_, { peak }) => peak,
  polynomial: (remaining, { peak, power }) => (peak - POLYNOMIAL_END) * remaining ** power + POLYNOMIAL_END,
};

/**
 * Linear warm-up over the first steps, then what the schedule says.
 *
 * @param step 0 for the first optimizer step, whose rate is 0 if there is any warm-up
 */
export function learningRate(
  step: number,
  { warmupSteps, totalSteps }: { readonly warmupSteps: number; readonly totalSteps: number },
  settings: RateSettings,
): number {
  if (step < warmupSteps) return (settings.peak * step) / Math.max(1, warmupSteps);
  const remaining = Math.max(0, (totalSteps - step) / Math.max(1, totalSteps - warmupSteps));
  return decays[settings.schedule](remaining, settings);
}

/** The reference method's. */
export function linearWarmup(step: number, peak: number, warmupSteps: number, totalSteps: number): number {
  const settings = { schedule: 'linear', peak, warmupRatio: warmupSteps / totalSteps, power: 1 } as const;
  return learningRate(step, { warmupSteps, totalSteps }, settings);
}
