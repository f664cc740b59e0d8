import { cutsOf } from './cuts.js';

/** How well probabilities order the rows of one label. */
export interface RankingScores {
  /**
   * Mean of the precision over the positive rows, Σ (Rₙ − Rₙ₋₁) Pₙ from the highest cut down, without
   * interpolation; NaN where no row is positive.
   */
  readonly averagePrecision: number;
  /** Chance that a positive row is above a negative one, half of it where equal; NaN without both kinds. */
  readonly rocAuc: number;
}

/**
 * As scikit-learn's `average_precision_score` and `roc_auc_score`.
 *
 * @param labels 0 or 1 per row
 */
export function rankingScores(probabilities: Float32Array, labels: Uint8Array): RankingScores {
  const { predicted, truePositives } = cutsOf(probabilities, labels);
  const positives = truePositives.at(-1) ?? 0;
  const negatives = probabilities.length - positives;
  let [precisions, pairs] = [0, 0];
  let [above, positivesAbove] = [0, 0];
  for (let cut = 0; cut < predicted.length; cut++) {
    const found = truePositives[cut]! - positivesAbove;
    const others = predicted[cut]! - above - found;
    precisions += (found * truePositives[cut]!) / predicted[cut]!;
    pairs += others * (positivesAbove + found / 2);
    [above, positivesAbove] = [predicted[cut]!, truePositives[cut]!];
  }
  return {
    averagePrecision: positives === 0 ? NaN : precisions / positives,
    rocAuc: positives * negatives === 0 ? NaN : pairs / (positives * negatives),
  };
}
