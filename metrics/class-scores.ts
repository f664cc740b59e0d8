import { accuracy, argMax, classesOf, confusionMatrix, f1PerClass, logLoss } from './classes.js';
import { mean, support } from './f1.js';
import { predictedRows, selectRows } from './matrix.js';
import { crossFittedClasses, logProbabilities, tuneOffsets } from './offsets.js';
import type { OutOfFoldScores } from './out-of-fold.js';

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
  const decided = {
    atHalf: argMax(p, width),
    tuned: argMax(logProbabilities(p), width, offsets),
    crossFitted: crossFittedClasses(p, y, selectRows(folds, 1, rows), width),
  };
  const confusions = {
    atHalf: confusionMatrix(truth, decided.atHalf, width),
    tuned: confusionMatrix(truth, decided.tuned, width),
    crossFitted: confusionMatrix(truth, decided.crossFitted, width),
  };
  const f1 = {
    atHalf: f1PerClass(confusions.atHalf, width),
    tuned: f1PerClass(confusions.tuned, width),
    crossFitted: f1PerClass(confusions.crossFitted, width),
  };
  const supports = support(y, width);
  return {
    thresholds: offsets,
    macroF1: { atHalf: mean(f1.atHalf), tuned: mean(f1.tuned), crossFitted: mean(f1.crossFitted) },
    perLabel: offsets.map((_, label) => ({
      atHalf: f1.atHalf[label]!,
      tuned: f1.tuned[label]!,
      crossFitted: f1.crossFitted[label]!,
      support: supports[label]!,
      tunable: supports[label]! > 0,
      untunedFolds: [],
    })),
    classes: {
      accuracy: {
        atHalf: accuracy(truth, decided.atHalf),
        tuned: accuracy(truth, decided.tuned),
        crossFitted: accuracy(truth, decided.crossFitted),
      },
      logLoss: logLoss(truth, p, width),
      confusion: Array.from({ length: width }, (_, row) => [
        ...confusions.crossFitted.subarray(row * width, (row + 1) * width),
      ]),
    },
    rowsWithoutOof: labels.length / width - rows.length,
  };
}
