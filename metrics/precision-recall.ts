import { cutsOf } from './cuts.js';

export interface PrecisionRecallCurve {
  /** One more than thresholds; the last is 1. */
  readonly precision: Float64Array;
  /** One more than thresholds; the last is 0. All 1 before that where there are no positives. */
  readonly recall: Float64Array;
  /** The distinct scores, ascending. */
  readonly thresholds: Float32Array;
}

/**
 * Precision and recall of `score >= t` for every distinct score, as scikit-learn's
 * `precision_recall_curve` gives them.
 *
 * @param scores at least 0
 * @param labels 0 or 1 per row
 */
export function precisionRecallCurve(scores: Float32Array, labels: Uint8Array): PrecisionRecallCurve {
  const { thresholds, predicted, truePositives } = cutsOf(scores, labels);
  const positives = truePositives.at(-1) ?? 0;
  const ascending = (of: (cut: number) => number, last: number): Float64Array =>
    Float64Array.from([...Array.from(thresholds.keys(), of).reverse(), last]);
  return {
    precision: ascending((cut) => truePositives[cut]! / predicted[cut]!, 1),
    recall: ascending((cut) => (positives === 0 ? 1 : truePositives[cut]! / positives), 0),
    thresholds: thresholds.toReversed(),
  };
}
