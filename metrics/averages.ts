import { f1OfCounts } from './f1.js';

/** Scores of decisions of all labels together. 0 / 0 counts as 0, as scikit-learn's `zero_division=0`. */
export interface AveragedScores {
  /** Of the hits and misses of all labels together. */
  readonly microF1: number;
  /** Mean of the labels' F1, weighted by their positive rows. */
  readonly weightedF1: number;
  /** Mean of the rows' F1; 0 of a row with no label that is given none. */
  readonly samplesF1: number;
  /** Share of the rows of which every label is right. */
  readonly subsetAccuracy: number;
  /** Mean of the rows' labels in both over labels in either; 0 of a row with no label that is given none. */
  readonly jaccard: number;
}

/**
 * All NaN without rows.
 *
 * @param labels `[rows, width]`, 0 or 1, as are the decisions
 */
export function averagedScores(labels: Uint8Array, decided: Uint8Array, width: number): AveragedScores {
  const rows = labels.length / width;
  const [hitsOf, predictedOf, actualOf] = [0, 0, 0].map(() => new Int32Array(width)) as Counts;
  let [samplesF1, exact, jaccard] = [0, 0, 0];
  for (let row = 0, at = 0; row < rows; row++) {
    let [hits, predicted, actual] = [0, 0, 0];
    for (let label = 0; label < width; label++, at++) {
      const [truth, decision] = [labels[at]!, decided[at]!];
      hitsOf[label]! += truth & decision;
      predictedOf[label]! += decision;
      actualOf[label]! += truth;
      hits += truth & decision;
      predicted += decision;
      actual += truth;
    }
    const either = predicted + actual - hits;
    samplesF1 += f1OfCounts(hits, predicted, actual);
    exact += Number(either === hits);
    jaccard += either === 0 ? 0 : hits / either;
  }
  const positives = actualOf.reduce(sum, 0);
  const weighted = Array.from(
    actualOf,
    (actual, label) => actual * f1OfCounts(hitsOf[label]!, predictedOf[label]!, actual),
  ).reduce(sum, 0);
  return {
    microF1: rows === 0 ? NaN : f1OfCounts(hitsOf.reduce(sum, 0), predictedOf.reduce(sum, 0), positives),
    weightedF1: rows === 0 ? NaN : positives === 0 ? 0 : weighted / positives,
    samplesF1: samplesF1 / rows,
    subsetAccuracy: exact / rows,
    jaccard: jaccard / rows,
  };
}

type Counts = [hits: Int32Array, predicted: Int32Array, actual: Int32Array];

function sum(total: number, value: number): number {
  return total + value;
}
