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
 * @param labels 0 or 1 per row
 */
export function precisionRecallCurve(scores: Float32Array, labels: Uint8Array): PrecisionRecallCurve {
  const order = Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]!);
  const precision: number[] = [];
  const recall: number[] = [];
  const thresholds: number[] = [];
  const positives = labels.reduce((sum, label) => sum + label, 0);
  let truePositives = 0;
  order.forEach((row, place) => {
    truePositives += labels[row]!;
    const next = order[place + 1];
    if (next !== undefined && scores[next] === scores[row]) return;
    thresholds.push(scores[row]!);
    precision.push(truePositives / (place + 1));
    recall.push(positives === 0 ? 1 : truePositives / positives);
  });
  return {
    precision: Float64Array.from([...precision.reverse(), 1]),
    recall: Float64Array.from([...recall.reverse(), 0]),
    thresholds: Float32Array.from(thresholds.reverse()),
  };
}
