import { f1PerLabel, mean } from './f1.js';
import { foldSplits } from './fold-splits.js';
import { selectRows } from './matrix.js';
import { decide, tuneThresholds } from './thresholds.js';

export interface CrossFittedF1 {
  readonly macro: number;
  /** One per label. */
  readonly perLabel: Float64Array;
  /** Per label the folds, ascending, whose rows are judged at 0.5: nothing could be tuned on the others'. */
  readonly untunedFolds: readonly (readonly number[])[];
}

/**
 * The honest score of tuned thresholds: the rows of each fold are judged by thresholds tuned on the
 * rows of all other folds, and F1 is taken over all rows together. Where there are no other folds,
 * or none of their rows has the label, the threshold is 0.5.
 *
 * @param probabilities `[rows, width]`, out of fold, without NaN
 * @param labels `[rows, width]`
 * @param folds the fold of each row
 */
export function crossFittedF1(
  probabilities: Float32Array,
  labels: Uint8Array,
  folds: Int32Array,
  width: number,
): CrossFittedF1 {
  const predictions = new Uint8Array(labels.length);
  const untunedFolds = Array.from({ length: width }, (): number[] => []);
  for (const { fold, inside, outside } of foldSplits(folds)) {
    const tuned = tuneThresholds(
      selectRows(probabilities, width, outside),
      selectRows(labels, width, outside),
      width,
    );
    tuned.forEach(({ tuned }, label) => {
      if (!tuned) untunedFolds[label]!.push(fold);
    });
    const decided = decide(
      selectRows(probabilities, width, inside),
      tuned.map(({ threshold }) => threshold),
    );
    inside.forEach((row, place) =>
      predictions.set(decided.subarray(place * width, (place + 1) * width), row * width),
    );
  }
  const perLabel = f1PerLabel(labels, predictions, width);
  return { macro: mean(perLabel), perLabel, untunedFolds };
}
