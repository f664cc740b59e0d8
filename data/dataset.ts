import { ColumnFileWriter } from './column-file/writer.js';
import type { IdColumn } from './ids.js';
import { ClassColumn } from './class-column.js';
import type { Header } from './header.js';
import type { LabelSource } from './label-source.js';
import { LabelColumns } from './labels.js';
import { defaultTask, tasks } from '../tasks/index.js';
import { preparedColumns } from './prepared-table.js';
import { assignFolds, type FoldsOptions } from './splits/folds.js';
import { labelClasses } from './splits/stratified.js';
import { askedNames, defaultId, readTextRows } from './text-rows.js';
import type { TableColumns, TextRows, TextSink } from './text-rows.js';

/** The rows of a training table but for their texts. */
export interface LabelledRows extends TextRows {
  /** 0 or 1, `[rows, labels]`. */
  readonly labels: Uint8Array;
}

/** What is to be made of a pipeline's tables, and where to. Plain JSON: it goes to a process of its own. */
export interface PrepareRequest extends TableColumns {
  readonly train: string;
  /** Null where the pipeline has none. */
  readonly test: string | null;
  readonly folds: FoldsOptions;
  readonly output: { readonly table: string; readonly trainIds: string; readonly test: string };
}

export interface PreparedTables {
  /** `test` is null where there is none. */
  readonly rows: { readonly train: number; readonly test: number | null };
  readonly warnings: readonly string[];
}

/**
 * Reads a training table.
 *
 * @throws TableFault at the first thing that a person has to change
 */
export async function readLabelledRows(
  file: string,
  columns: TableColumns,
  texts: TextSink,
): Promise<LabelledRows> {
  let labels: LabelSource | undefined;
  const rows = await readTextRows(file, columns, texts, (header) => {
    const source = (labels = labelSource(header, columns));
    return (cells, row) => source.append(cells, row);
  });
  const values = await labels!.values(rows.table);
  return { ...rows, labels: values, warnings: [...labels!.warnings(file, rows.rows), ...rows.warnings] };
}

function labelSource(header: Header, columns: TableColumns): LabelSource {
  const { labels, target, task = defaultTask } = columns;
  const asked = askedNames(columns);
  return target === undefined
    ? LabelColumns.of(header, labels, asked, tasks[task])
    : ClassColumn.of(header, target, labels, asked);
}

/**
 * Reads both tables, deals out the folds and writes what a run needs of them into column files: the
 * training table (texts, labels, folds), its ids, and the rows to predict. Label columns of the test
 * table are ignored.
 *
 * @throws InputFault at the first thing that a person has to change
 */
export async function prepareTables(request: PrepareRequest): Promise<PreparedTables> {
  const { output, folds } = request;
  const train = await writing(output.table, async (file) => {
    const texts = file.texts(preparedColumns.texts);
    const rows = await readLabelledRows(request.train, request, texts);
    texts.end();
    const split = assignFolds(labelClasses(rows.labels, request.labels.length), folds);
    file.bytes(preparedColumns.labels, request.labels.length, rows.labels);
    file.integers(preparedColumns.folds, split.folds);
    file.finish(rows.rows);
    return { ...rows, splitWarnings: split.warnings };
  });
  await writing(output.trainIds, (file) => {
    writeIds(file, train.ids);
    file.finish(train.rows);
  });
  const test = request.test === null ? null : await writeTestTable(request.test, request, output.test);
  return {
    rows: { train: train.rows, test: test?.rows ?? null },
    warnings: [
      ...train.warnings,
      ...(test?.warnings ?? []),
      ...(test === null ? [] : differences(train, test, request)),
      ...train.splitWarnings,
    ],
  };
}

/**
 * Reads a table of rows to predict and writes them into a column file.
 *
 * @throws TableFault at the first thing that a person has to change
 */
export async function writeTestTable(file: string, columns: TableColumns, output: string): Promise<TextRows> {
  return writing(output, async (target) => {
    const texts = target.texts(preparedColumns.texts);
    const rows = await readTextRows(file, columns, texts);
    texts.end();
    writeIds(target, rows.ids);
    target.finish(rows.rows);
    return rows;
  });
}

function writeIds(file: ColumnFileWriter, ids: IdColumn | null): void {
  if (ids === null) return file.rowNumbers(preparedColumns.ids);
  const texts = file.texts(preparedColumns.ids);
  for (let row = 0; row < ids.length; row++) texts.append(ids.at(row));
  texts.end();
}

function differences(train: TextRows, test: TextRows, { id = defaultId }: TableColumns): string[] {
  const warnings: string[] = [];
  if (train.textColumn !== test.textColumn) {
    const names = `${JSON.stringify(train.textColumn)} for training and ${JSON.stringify(test.textColumn)} for the test rows`;
    warnings.push(`The text columns differ: ${names}.`);
  }
  if ((train.ids === null) !== (test.ids === null)) {
    const [having, lacking] = train.ids === null ? ['test', 'training'] : ['training', 'test'];
    warnings.push(
      `Only the ${having} table has the id column ${JSON.stringify(id)}: the rows of the ${lacking} table are numbered.`,
    );
  }
  return warnings;
}

async function writing<T>(path: string, write: (file: ColumnFileWriter) => T | Promise<T>): Promise<T> {
  const file = new ColumnFileWriter(path);
  try {
    return await write(file);
  } finally {
    file.close();
  }
}
