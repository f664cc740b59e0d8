/** Bins of equal width in which probabilities are compared with what happened. */
export const calibrationBins = 15;

/** The bin of a probability; its upper edge belongs to it. */
export function binOf(p: number): number {
  return Math.min(calibrationBins - 1, Math.max(0, Math.ceil(p * calibrationBins) - 1));
}

/** Mean squared difference between the probability and what happened; NaN without rows. */
export function brierScore(probabilities: ArrayLike<number>, happened: ArrayLike<number>): number {
  let sum = 0;
  for (let row = 0; row < happened.length; row++) sum += (probabilities[row]! - happened[row]!) ** 2;
  return sum / happened.length;
}

/**
 * Expected calibration error (Guo et al., "On calibration of modern neural networks", 2017): over 15 bins of
 * equal width, each with its upper edge, how far the mean probability is from how often it happened, weighted
 * by their rows. NaN without rows.
 */
export function calibrationError(probabilities: ArrayLike<number>, happened: ArrayLike<number>): number {
  // Of each bin the sum of probability − happened: the weights cancel its number of rows.
  const differences = new Float64Array(calibrationBins);
  for (let row = 0; row < happened.length; row++) {
    const p = probabilities[row]!;
    differences[binOf(p)]! += p - happened[row]!;
  }
  return differences.reduce((sum, difference) => sum + Math.abs(difference), 0) / happened.length;
}

/** Below this no probability counts: float32's step at 1, as in scikit-learn's `log_loss` of float32. */
export const leastProbability = 2 ** -23;

/** Mean of −log of the probability of what happened, held within the least probability of 0 and 1; NaN without rows. */
export function logLossOfLabel(probabilities: Float32Array, happened: Uint8Array): number {
  let loss = 0;
  for (let row = 0; row < happened.length; row++) {
    const p = Math.min(1 - leastProbability, Math.max(leastProbability, probabilities[row]!));
    loss -= Math.log(happened[row] === 1 ? p : 1 - p);
  }
  return loss / happened.length;
}
