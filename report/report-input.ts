import type { RunResult } from './run-result.js';

/** Everything the report shows: the result and the tables its curves are drawn from. */
export interface ReportInput {
  readonly result: RunResult;
  readonly outOfFold: OutOfFoldTable;
  /** Texts of rows, by their place in the training table; without it none is shown. */
  readonly texts?: ReadonlyMap<number, RowText>;
}

/** Out-of-fold predictions beside the truth, rows in the order of the training table. */
export interface OutOfFoldTable {
  /** Row-major `[rows, labels]`, in the order of `result.labels`; NaN where no fold predicted the row. */
  readonly probabilities: Float32Array;
  /** 0 or 1, `[rows, labels]`. */
  readonly labels: Uint8Array;
  /** Per row the fold that held it out. */
  readonly folds?: Int32Array;
}

/** A row of the training table, for people. */
export interface RowText {
  readonly id: string;
  readonly text: string;
}
