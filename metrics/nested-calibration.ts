import type { Calibration } from './matrix-calibration.js';
import { brierScore, calibrationError, logLossOfLabel } from './calibration.js';
import type { CalibrationMethod, Calibrator } from './calibrators.js';
import { argMax, classesOf, logLoss } from './classes.js';
import { column, predictedRows, selectRows } from './matrix.js';
import { judgedProbabilities, type NestedProbabilities } from './nested.js';

/** Out-of-fold probabilities that were calibrated, and what calibrates new ones. */
export interface CalibratedNested {
  readonly nested: NestedProbabilities;
  /** Fitted on all rows, one per label. */
  readonly calibrators: readonly Calibrator[];
}

/**
 * Calibrates out-of-fold probabilities: the rows that a fold judges by what was fitted on the rows outside of it,
 * those that stand for new rows by what was fitted on all. So whatever is tuned and judged after it has the
 * calibration among what is cross-fitted.
 *
 * @param labels `[rows, width]`
 * @param folds the fold of each row
 */
export function calibrateNested(
  { fit, apply }: Calibration,
  method: CalibrationMethod,
  { final, without }: NestedProbabilities,
  labels: Uint8Array,
  folds: Int32Array,
  width: number,
): CalibratedNested {
  const predicted = predictedRows(final, width);
  const fitted = (probabilities: Float32Array, rows: Int32Array): Calibrator[] =>
    fit(method, selectRows(probabilities, width, rows), selectRows(labels, width, rows), width);
  const calibrators = fitted(final, predicted);
  const outside = new Map<number, readonly Calibrator[]>();
  return {
    calibrators,
    nested: {
      final: apply(final, width, calibrators),
      without: (fold) => {
        const probabilities = without(fold);
        const known =
          outside.get(fold) ??
          fitted(
            probabilities,
            predicted.filter((row) => folds[row] !== fold),
          );
        outside.set(fold, known);
        return apply(probabilities, width, known);
      },
    },
  };
}

/** How far probabilities are from what happens; the lower, the better. NaN without rows. */
export interface CalibrationScores {
  readonly brier: number;
  readonly calibrationError: number;
  /** Mean of −log of the probability of what happened. */
  readonly logLoss: number;
}

export interface AllCalibrationScores {
  readonly macro: CalibrationScores;
  readonly perLabel: readonly CalibrationScores[];
}

/** Scores of probabilities `[rows, width]`. */
export type ScoreCalibration = (
  probabilities: Float32Array,
  labels: Uint8Array,
  width: number,
) => AllCalibrationScores;

/** What calibration changes, cross-fitted, and what calibrates new rows. */
export interface CalibrationOutcome {
  readonly method: CalibrationMethod;
  readonly before: AllCalibrationScores;
  readonly after: AllCalibrationScores;
  readonly calibrators: readonly Calibrator[];
}

export function calibrationOutcome(
  method: CalibrationMethod,
  before: NestedProbabilities,
  { nested, calibrators }: CalibratedNested,
  labels: Uint8Array,
  folds: Int32Array,
  width: number,
  score: ScoreCalibration,
): CalibrationOutcome {
  const rows = predictedRows(before.final, width);
  const truth = selectRows(labels, width, rows);
  const scored = (probabilities: NestedProbabilities): AllCalibrationScores =>
    score(selectRows(judgedProbabilities(probabilities, folds, width), width, rows), truth, width);
  return { method, before: scored(before), after: scored(nested), calibrators };
}

/** Of labels, each by itself; their means. */
export const scoreLabelCalibration: ScoreCalibration = (probabilities, labels, width) => {
  const perLabel = Array.from({ length: width }, (_, label): CalibrationScores => {
    const [p, y] = [column(probabilities, width, label), column(labels, width, label)];
    return {
      brier: brierScore(p, y),
      calibrationError: calibrationError(p, y),
      logLoss: logLossOfLabel(p, y),
    };
  });
  const mean = (of: (scores: CalibrationScores) => number): number =>
    perLabel.reduce((sum, scores) => sum + of(scores), 0) / width;
  return {
    macro: {
      brier: mean(({ brier }) => brier),
      calibrationError: mean((scores) => scores.calibrationError),
      logLoss: mean((scores) => scores.logLoss),
    },
    perLabel,
  };
};

/**
 * Of rows with one class each: each class against all others; for all, the Brier score summed over the classes,
 * the calibration of the likeliest class, and the log loss of the true one.
 */
export const scoreClassCalibration: ScoreCalibration = (probabilities, labels, width) => {
  const { perLabel } = scoreLabelCalibration(probabilities, labels, width);
  const truth = classesOf(labels, width);
  const likeliest = argMax(probabilities, width);
  const highest = Float32Array.from(likeliest, (index, row) => probabilities[row * width + index]!);
  const right = likeliest.map((index, row) => Number(index === truth[row]));
  return {
    macro: {
      brier: perLabel.reduce((sum, { brier }) => sum + brier, 0),
      calibrationError: calibrationError(highest, right),
      logLoss: truth.length === 0 ? NaN : logLoss(truth, probabilities, width),
    },
    perLabel,
  };
};
