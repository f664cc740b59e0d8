/** The tables that a run writes: CSV (RFC 4180 quoting, LF), the same bytes for the same values. */

export interface SubmissionRows {
  /** Header of the id column. */
  readonly id: string;
  readonly ids: readonly string[];
  readonly labels: readonly string[];
  /** 0 or 1, `[rows, labels]`. */
  readonly predictions: Uint8Array;
}

/** `submission.csv`: the id and the predicted labels of every test row. */
export function submissionCsv({ id, ids, labels, predictions }: SubmissionRows): string {
  requireShape(predictions, ids, labels);
  const width = labels.length;
  return csv(
    [id, ...labels],
    ids.map((value, row) => [
      value,
      ...Array.from(predictions.subarray(row * width, (row + 1) * width), String),
    ]),
  );
}

export interface OofRows {
  readonly ids: readonly string[];
  /** The fold that held each row out, 1 … K. */
  readonly folds: ArrayLike<number>;
  readonly labels: readonly string[];
  /** 0 or 1 per row and label. */
  readonly truth: readonly (readonly number[])[];
  /** `[rows, labels]`; NaN where no fold predicted the row, which leaves the cell blank. */
  readonly probabilities: Float32Array;
}

/** `oof.csv`: id, fold, the true labels, and `p_<label>`, the out-of-fold probabilities. */
export function oofCsv({ ids, folds, labels, truth, probabilities }: OofRows): string {
  requireShape(probabilities, ids, labels);
  const width = labels.length;
  return csv(
    ['id', 'fold', ...labels, ...labels.map((label) => `p_${label}`)],
    ids.map((id, row) => [
      id,
      String(folds[row]),
      ...truth[row]!.map(String),
      ...Array.from(probabilities.subarray(row * width, (row + 1) * width), float32Text),
    ]),
  );
}

/** The shortest decimal that reads back as the same float32; blank for NaN. */
export function float32Text(value: number): string {
  if (Number.isNaN(value)) return '';
  for (let digits = 1; digits < 9; digits++) {
    const shorter = Number(value.toPrecision(digits));
    if (Math.fround(shorter) === value) return String(shorter);
  }
  // Nine digits tell any two float32 apart.
  return String(Number(value.toPrecision(9)));
}

function csv(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [header, ...rows].map((row) => `${row.map(cell).join(',')}\n`).join('');
}

function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function requireShape(values: ArrayLike<number>, ids: readonly string[], labels: readonly string[]): void {
  if (values.length !== ids.length * labels.length) {
    throw new RangeError(`${values.length} values for ${ids.length} rows of ${labels.length} labels`);
  }
}
