import { assessClasses } from './assessment.js';
import { drawingOf, type DrawRows } from './bootstrap.js';
import { accuracy, argMax, classesOf, confusionMatrix, f1PerClass, logLoss, oneHot } from './classes.js';
import { crossFit } from './cross-fitted.js';
import { mean, support } from './f1.js';
import { predictedRows, selectRows } from './matrix.js';
import { judgedProbabilities, selectNested, type NestedProbabilities } from './nested.js';
import { byOffsets, tuneOffsets } from './offsets.js';
import { assessed, spreadOf, type OutOfFoldScores } from './out-of-fold.js';

/** What one way of deciding comes to. */
interface ClassDecision {
  /** One-hot `[rows, width]`. */
  readonly decided: Uint8Array;
  readonly confusion: Int32Array;
  readonly f1: Float64Array;
  readonly accuracy: number;
}

/**
 * Offsets and scores of out-of-fold predictions of one class per row: in the place of thresholds stand the
 * offsets of the log probabilities, and in the place of the decision at 0.5 the plain arg max.
 *
 * @param labels one-hot `[rows, width]`
 * @param folds the fold of each row
 * @param draw the resamples of an assessment; there is none without
 */
export function scoreClassesOutOfFold(
  nested: NestedProbabilities,
  labels: Uint8Array,
  folds: Int32Array,
  width: number,
  draw?: DrawRows,
): OutOfFoldScores {
  const rows = predictedRows(nested.final, width);
  const p = selectNested(nested, width, rows);
  const y = selectRows(labels, width, rows);
  const foldOf = selectRows(folds, 1, rows);
  const judged = judgedProbabilities(p, foldOf, width);
  const truth = classesOf(y, width);
  const { offsets } = tuneOffsets(p.final, y, width);
  const scored = (decided: Uint8Array): ClassDecision => {
    const classes = classesOf(decided, width);
    const confusion = confusionMatrix(truth, classes, width);
    return { decided, confusion, f1: f1PerClass(confusion, width), accuracy: accuracy(truth, classes) };
  };
  const atHalf = scored(oneHot(argMax(judged, width), width));
  const tuned = scored(byOffsets.decide(p.final, width, offsets));
  const fitted = crossFit(p, y, foldOf, width, byOffsets);
  const crossFitted = scored(fitted.decided);
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
      spread: spreadOf(fitted.tuned.map(({ by }) => by[label]!)),
    })),
    classes: {
      accuracy: { atHalf: atHalf.accuracy, tuned: tuned.accuracy, crossFitted: crossFitted.accuracy },
      logLoss: logLoss(truth, judged, width),
      confusion: Array.from({ length: width }, (_, row) => [
        ...crossFitted.confusion.subarray(row * width, (row + 1) * width),
      ]),
    },
    ...assessed(
      draw &&
        assessClasses(
          {
            labels: y,
            probabilities: judged,
            atHalf: atHalf.decided,
            tuned: tuned.decided,
            crossFitted: crossFitted.decided,
          },
          width,
          drawingOf(draw, rows),
        ),
    ),
    rowsWithoutOof: labels.length / width - rows.length,
  };
}
