import { ColumnFile, type TextColumn, type Texts } from './column-file/reader.js';
import { ColumnFileWriter } from './column-file/writer.js';

/** Names of the columns that prepared tables have. */
export const preparedColumns = {
  texts: 'texts',
  labels: 'labels',
  folds: 'folds',
  ids: 'ids',
  groups: 'groups',
} as const;

/** The folds of a repeated split after the first, which stands in the training table. */
export function repeatColumn(repeat: number): string {
  return `${preparedColumns.folds}-${repeat}`;
}

/** The prepared training rows of all folds; open until it is closed. */
export interface TrainingTable {
  readonly texts: Texts;
  /** 0 or 1, `[rows, labels]`. */
  readonly labels: Uint8Array;
  /** Per row, the fold (1 … K) it is held out in. */
  readonly folds: Int32Array;
  readonly close: () => void;
}

/** The prepared rows to predict; open until it is closed. */
export interface TestTable {
  readonly ids: Texts;
  readonly texts: TextColumn;
  readonly close: () => void;
}

/** @throws InputFault for a file that is not one */
export function openTrainingTable(path: string): TrainingTable {
  return opened(path, (file) => ({
    texts: file.texts(preparedColumns.texts),
    labels: file.bytes(preparedColumns.labels).values,
    folds: file.integers(preparedColumns.folds),
  }));
}

/** @throws InputFault for a file that is not one */
export function openTestTable(path: string): TestTable {
  return opened(path, (file) => ({
    ids: file.texts(preparedColumns.ids),
    texts: file.texts(preparedColumns.texts),
  }));
}

/** The ids of the training rows. @throws InputFault for a file that is not one */
export function openIds(path: string): { readonly ids: Texts; readonly close: () => void } {
  return opened(path, (file) => ({ ids: file.texts(preparedColumns.ids) }));
}

/** The group of each training row. @throws InputFault for a file that is not one */
export function readGroups(path: string): Int32Array {
  return readIntegers(path, preparedColumns.groups);
}

/** The fold of each training row in a repeat after the first. */
function readRepeat(path: string, repeat: number): Int32Array {
  return readIntegers(path, repeatColumn(repeat));
}

/** A fold, and where it is one of a repeated split after the first. */
export interface HeldOutFold {
  /** 1 … K; of repeated splits on to R · K. */
  readonly fold: number;
  /** The file of the splits after the first, which of them, and the fold's number in it. */
  readonly repeated?: { readonly splits: string; readonly repeat: number; readonly fold: number };
}

/** Whether a row is held out by a fold. @throws InputFault for a file that has no such splits */
export function heldOutBy(
  { folds }: Pick<TrainingTable, 'folds'>,
  { fold, repeated }: HeldOutFold,
): (row: number) => boolean {
  if (repeated === undefined) return (row) => folds[row] === fold;
  const again = readRepeat(repeated.splits, repeated.repeat);
  return (row) => again[row] === repeated.fold;
}

function readIntegers(path: string, name: string): Int32Array {
  const { values, close } = opened(path, (file) => ({ values: file.integers(name) }));
  close();
  return values;
}

function opened<T>(path: string, read: (file: ColumnFile) => T): T & { readonly close: () => void } {
  const file = ColumnFile.open(path);
  try {
    return { ...read(file), close: () => file.close() };
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Writes a training table that is in memory. */
export function writeTrainingTable(
  path: string,
  table: {
    readonly texts: readonly string[];
    readonly labels: readonly (readonly number[])[];
    readonly folds: readonly number[];
  },
): void {
  const file = new ColumnFileWriter(path);
  const texts = file.texts(preparedColumns.texts);
  for (const text of table.texts) texts.append(text);
  texts.end();
  file.bytes(preparedColumns.labels, table.labels[0]?.length ?? 1, Uint8Array.from(table.labels.flat()));
  file.integers(preparedColumns.folds, Int32Array.from(table.folds));
  file.finish(table.texts.length);
  file.close();
}
