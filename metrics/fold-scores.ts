import { f1OfCounts } from './f1.js';

/** F1 of every label on the rows of one fold. */
export interface FoldScores {
  readonly fold: number;
  /** NaN of a label that neither occurs nor is given there: nothing can be told of it. */
  readonly f1: Float64Array;
}

/** F1 of decisions fold by fold, ascending: how much it depends on the rows and on the model that judged them. */
export function f1ByFold(
  labels: Uint8Array,
  decided: Uint8Array,
  folds: Int32Array,
  width: number,
): FoldScores[] {
  const numbers = [...new Set(folds)].sort((a, b) => a - b);
  const places = new Map(numbers.map((fold, place) => [fold, place]));
  const [hits, called, positives] = [0, 1, 2].map(() => new Float64Array(numbers.length * width)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let row = 0; row < folds.length; row++) {
    const start = places.get(folds[row]!)! * width;
    for (let label = 0; label < width; label++) {
      const [truth, decision] = [labels[row * width + label]!, decided[row * width + label]!];
      hits[start + label]! += truth & decision;
      called[start + label]! += decision;
      positives[start + label]! += truth;
    }
  }
  return numbers.map((fold, place) => ({
    fold,
    f1: Float64Array.from({ length: width }, (_, label) => {
      const at = place * width + label;
      return called[at]! + positives[at]! === 0 ? NaN : f1OfCounts(hits[at]!, called[at]!, positives[at]!);
    }),
  }));
}
