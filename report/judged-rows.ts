import { calibratorsOf } from '../activities/calibrators.js';
import { keepRows, predictedRows } from '../metrics/matrix.js';
import { tasks } from '../tasks/index.js';
import type { ReportInput } from './report-input.js';

/** The rows that some fold predicted, as matrices `[rows, labels]`. */
export interface JudgedRows {
  readonly width: number;
  /** Their places in the training table, ascending. */
  readonly rows: Int32Array;
  /** As decisions are made of them: calibrated where the run calibrates. */
  readonly probabilities: Float32Array;
  /**
   * As the models give them. Where the run calibrates, these rows are those that the calibration was fitted on,
   * and tell nothing of how well it does.
   */
  readonly raw: Float32Array;
  /** The truth, 0 or 1. */
  readonly labels: Uint8Array;
  /** What the tuned thresholds or offsets decide, 0 or 1. */
  readonly decided: Uint8Array;
  /** The fold that held each row out, where that is known. */
  readonly folds: Int32Array | null;
}

export function judgedRows({ result, outOfFold }: Pick<ReportInput, 'result' | 'outOfFold'>): JudgedRows {
  const width = result.labels.length;
  const rows = predictedRows(outOfFold.probabilities, width);
  const raw = keepRows(outOfFold.probabilities, width, rows);
  const { task } = result.configuration;
  const calibrators = result.calibration && calibratorsOf(result.labels, result.calibration.calibrators);
  const probabilities =
    calibrators === undefined ? raw : tasks[task].calibration.apply(raw, width, calibrators);
  const tuned = result.labels.map((label) => result.thresholds[label]!);
  return {
    width,
    rows,
    probabilities,
    raw,
    labels: keepRows(outOfFold.labels, width, rows),
    decided: tasks[task].decide(probabilities, width, tuned),
    folds: outOfFold.folds === undefined ? null : keepRows(outOfFold.folds, 1, rows),
  };
}
