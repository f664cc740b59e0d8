/** How the weights are averaged over the steps; the average is evaluated and exported in their place. */
export interface AveragingSettings {
  /**
   * The exponential moving average keeps so much of itself at each step (Polyak & Juditsky 1992; torch's
   * `AveragedModel` with `get_ema_multi_avg_fn`: it begins with the weights after the first step). Null: none.
   */
  readonly ema: number | null;
  /**
   * The equal average of the weights at the epochs' ends from this one on (Izmailov et al. 2018, "Averaging
   * Weights Leads to Wider Optima", algorithm 1). Null: none.
   */
  readonly swa: number | null;
}

/**
 * By what share the average moves towards the weights after a step; null: it stays.
 *
 * @param step counted from 0
 */
export function averageShare(
  { ema, swa }: AveragingSettings,
  step: number,
  stepsPerEpoch: number,
): number | null {
  if (ema !== null) return step === 0 ? 1 : 1 - ema;
  if (swa === null || (step + 1) % stepsPerEpoch !== 0) return null;
  const epoch = (step + 1) / stepsPerEpoch;
  return epoch < swa ? 1 : 1 / (epoch - swa + 1);
}
