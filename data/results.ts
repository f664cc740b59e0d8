import type { Texts } from './column-file/reader.js';

/** The tables that a run writes: CSV (RFC 4180 quoting, LF), the same bytes for the same values. */

export interface PredictedRow {
  readonly id: string;
  /** 0 or 1 per label. */
  readonly predictions: Uint8Array;
  /** The ensemble's, one per label. */
  readonly probabilities: Float32Array;
}

export interface PredictedRows<Row> {
  /** Header of the id column. */
  readonly id: string;
  readonly labels: readonly string[];
  readonly rows: Iterable<Row>;
}

export interface SubmittedRows extends PredictedRows<Pick<PredictedRow, 'id' | 'predictions'>> {
  /** Header of the column of class names, as in the training table; without it a column of 0 and 1 per label. */
  readonly target?: string | undefined;
}

/** `submission.csv`, line by line: the id and the predicted labels of every row, or its class. */
export function* submissionLines({ id, labels, target, rows }: SubmittedRows): Iterable<string> {
  yield line([id, ...(target === undefined ? labels : [target])]);
  for (const { id: value, predictions } of rows) {
    requireWidth(predictions, labels);
    yield target === undefined
      ? numberLine(value, Array.from(predictions, String))
      : line([value, labels[predictions.indexOf(1)]!]);
  }
}

/** `predictions.csv`, line by line: the id and `p_<label>`, the probabilities, of every row. */
export function* predictionLines({
  id,
  labels,
  rows,
}: PredictedRows<Pick<PredictedRow, 'id' | 'probabilities'>>): Iterable<string> {
  yield line([id, ...labels.map(probabilityColumn)]);
  for (const { id: value, probabilities } of rows) {
    requireWidth(probabilities, labels);
    yield numberLine(value, Array.from(probabilities, float32Text));
  }
}

/** The lines of rows that follow others: without the header, which stands before the first. */
export function* withoutHeader(lines: Iterable<string>): Iterable<string> {
  let header = true;
  for (const line of lines) {
    if (!header) yield line;
    header = false;
  }
}

export interface OofRows {
  /** Header of the id column. */
  readonly id: string;
  readonly ids: Pick<Texts, 'length' | 'lists'>;
  /** The fold that held each row out, 1 … K. */
  readonly folds: ArrayLike<number>;
  readonly labels: readonly string[];
  /** 0 or 1, `[rows, labels]`. */
  readonly truth: Uint8Array;
  /** `[rows, labels]`; NaN where no fold predicted the row, which leaves the cell blank. */
  readonly probabilities: Float32Array;
}

/** `oof.csv`, line by line: id, fold, the true labels, and `p_<label>`, the out-of-fold probabilities. */
export function* oofLines(table: OofRows): Iterable<string> {
  const { id, ids, folds, labels, truth, probabilities } = table;
  if (probabilities.length !== ids.length * labels.length) {
    throw new RangeError(`${probabilities.length} values for ${ids.length} rows of ${labels.length} labels`);
  }
  yield line([id, foldColumn, ...labels, ...labels.map(probabilityColumn)]);
  let row = 0;
  for (const list of ids.lists()) {
    for (const value of list) {
      const [start, end] = [row * labels.length, (row + 1) * labels.length];
      const numbers = [String(folds[row])];
      for (let at = start; at < end; at++) numbers.push(String(truth[at]));
      for (let at = start; at < end; at++) numbers.push(float32Text(probabilities[at]!));
      yield numberLine(value, numbers);
      row++;
    }
  }
}

/** Columns of `texts.csv`. */
export const textColumns = ['row', 'id', 'text'] as const;

/** `texts.csv`, line by line: the place of a row in the training table, from 1, its id and its text. */
export function* textLines(
  rows: Iterable<readonly [row: number, shown: { readonly id: string; readonly text: string }]>,
): Iterable<string> {
  yield line(textColumns);
  for (const [row, { id, text }] of rows) yield line([String(row + 1), id, text]);
}

export interface IssueRow {
  /** Of the training table, from 0. */
  readonly row: number;
  readonly id: string;
  readonly label: string;
  /** What the row was given: `0` or `1` of the label, or its class. */
  readonly given: string;
  readonly probability: number;
  readonly score: number;
}

/** `label-issues.csv`, line by line: the rows whose labels are in doubt, numbered from 1 as a person counts them. */
export function* labelIssueLines(id: string, rows: Iterable<IssueRow>): Iterable<string> {
  // A column of ids may be called as one of ours: both are there, ours first.
  yield line(['row', id, 'label', 'given', 'probability', 'score']);
  for (const { row, id: value, label, given, probability, score } of rows)
    yield line([
      String(row + 1),
      value,
      label,
      given,
      float32Text(Math.fround(probability)),
      float32Text(Math.fround(score)),
    ]);
}

/** Columns of `groups.csv`: a row's place in the training table, from 1, and the number of its group. */
export const groupColumns = ['row', 'group'] as const;

/** `groups.csv`, line by line: of every training row the group that it is held out with. */
export function* groupLines(groups: ArrayLike<number>): Iterable<string> {
  yield line(groupColumns);
  for (let row = 0; row < groups.length; row++) yield line([String(row + 1), String(groups[row]! + 1)]);
}

/** Columns of `oof.csv`, and of `predictions.csv`, besides the id's and the labels'. */
export const foldColumn = 'fold';
export function probabilityColumn(label: string): string {
  return `p_${label}`;
}

/** The shortest decimal that reads back as the same float32; blank for NaN. */
export function float32Text(value: number): string {
  if (Number.isNaN(value)) return '';
  if (value >= leastQuick && value < 1) return String(shortest(value));
  for (let digits = 1; digits < mostDigits; digits++) {
    const shorter = Number(value.toPrecision(digits));
    if (Math.fround(shorter) === value) return String(shorter);
  }
  return String(Number(value.toPrecision(mostDigits)));
}

/** So many tell any two float32 apart. */
const mostDigits = 9;
const leastQuick = 0.001;
const powersOfTen = Float64Array.from({ length: mostDigits + 3 }, (_, power) => 10 ** power);

/**
 * The same by arithmetic, as a large table has millions of them. A float32 has 24 bits and these powers of ten at
 * most 26 more than their twos, so each product is exact, and each quotient the double nearest to its decimal.
 */
function shortest(value: number): number {
  const zeros = value >= 0.1 ? 0 : value >= 0.01 ? 1 : 2;
  for (let digits = 1; digits < mostDigits; digits++) {
    const scale = powersOfTen[digits + zeros]!;
    const shorter = Math.round(value * scale) / scale;
    if (Math.fround(shorter) === value) return shorter;
  }
  const scale = powersOfTen[mostDigits + zeros]!;
  return Math.round(value * scale) / scale;
}

function line(cells: readonly string[]): string {
  return `${cells.map(cell).join(',')}\n`;
}

/** A line of which only the first cell may need quotes. */
function numberLine(first: string, numbers: readonly string[]): string {
  return `${cell(first)},${numbers.join(',')}\n`;
}

function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function requireWidth(values: ArrayLike<number>, labels: readonly string[]): void {
  if (values.length !== labels.length)
    throw new RangeError(`${values.length} values for a row of ${labels.length} labels`);
}
