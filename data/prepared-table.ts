import { ColumnFile, type Texts } from './column-file/reader.js';
import { ColumnFileWriter } from './column-file/writer.js';

/** Names of the columns that prepared tables have. */
export const preparedColumns = { texts: 'texts', labels: 'labels', folds: 'folds', ids: 'ids' } as const;

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
  readonly texts: Texts;
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
