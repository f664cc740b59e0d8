import { predictedRows, selectRows } from '../metrics/matrix.js';
import { tasks } from '../tasks/index.js';
import type { ReportInput } from './report-input.js';

/** The rows that some fold predicted, as matrices `[rows, labels]`. */
export interface JudgedRows {
  readonly width: number;
  /** Their places in the training table, ascending. */
  readonly rows: Int32Array;
  readonly probabilities: Float32Array;
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
  // Of a large table copies would be as large: mostly every row is judged.
  const all = rows.length * width === outOfFold.probabilities.length;
  const probabilities = all ? outOfFold.probabilities : selectRows(outOfFold.probabilities, width, rows);
  const tuned = result.labels.map((label) => result.thresholds[label]!);
  return {
    width,
    rows,
    probabilities,
    labels: all ? outOfFold.labels : selectRows(outOfFold.labels, width, rows),
    decided: tasks[result.configuration.task].decide(probabilities, width, tuned),
    folds:
      outOfFold.folds === undefined ? null : all ? outOfFold.folds : selectRows(outOfFold.folds, 1, rows),
  };
}
