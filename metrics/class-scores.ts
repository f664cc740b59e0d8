import { accuracy, argMax, classesOf, confusionMatrix, f1PerClass, logLoss } from './classes.js';
import { mean, support } from './f1.js';
import { predictedRows, selectRows } from './matrix.js';
import { crossFittedClasses, logProbabilities, tuneOffsets } from './offsets.js';
import type { OutOfFoldScores } from './out-of-fold.js';

/** What one way of deciding comes to. */
interface ClassDecision {
  readonly confusion: Int32Array;
  readonly f1: Float64Array;
  readonly accuracy: number;
}

/**
 * Offsets and scores of out-of-fold predictions of one class per row: in the place of thresholds stand the
 * offsets of the log probabilities, and in the place of the decision at 0.5 the plain arg max.
 *
 * @param probabilities `[rows, width]`; NaN where no fold predicted the row
 * @param labels one-hot `[rows, width]`
 * @param folds the fold of each row
 */
export function scoreClassesOutOfFold(
  probabilities: Float32Array,
  labels: Uint8Array,
  folds: Int32Array,
  width: number,
): OutOfFoldScores {
  const rows = predictedRows(probabilities, width);
  const p = selectRows(probabilities, width, rows);
  const y = selectRows(labels, width, rows);
  const truth = classesOf(y, width);
  const { offsets } = tuneOffsets(p, y, width);
  const scored = (decided: Int32Array): ClassDecision => {
    const confusion = confusionMatrix(truth, decided, width);
    return { confusion, f1: f1PerClass(confusion, width), accuracy: accuracy(truth, decided) };
  };
  const atHalf = scored(argMax(p, width));
  const tuned = scored(argMax(logProbabilities(p), width, offsets));
  const crossFitted = scored(crossFittedClasses(p, y, selectRows(folds, 1, rows), width));
  const supports = support(y, width);
  return {
    thresholds: offsets,
    macroF1: { atHalf: mean(atHalf.f1), tuned: mean(tuned.f1), crossFitted: mean(crossFitted.f1) },
    perLabel: offsets.map((_, label) => ({
      atHalf: atHalf.f1[label]!,
      tuned: tuned.f1[label]!,
      crossFitted: crossFitted.f1[label]!,
      support: supports[label]!,
      tunable: supports[label]! > 0,
      untunedFolds: [],
    })),
    classes: {
      accuracy: { atHalf: atHalf.accuracy, tuned: tuned.accuracy, crossFitted: crossFitted.accuracy },
      logLoss: logLoss(truth, p, width),
      confusion: Array.from({ length: width }, (_, row) => [
        ...crossFitted.confusion.subarray(row * width, (row + 1) * width),
      ]),
    },
    rowsWithoutOof: labels.length / width - rows.length,
  };
}
