import { devNull } from 'node:os';
import { CategoryColumn, type CategoryUse } from './category-column.js';
import { ColumnFileWriter } from './column-file/writer.js';
import { TextMemory } from './duplicates/text-memory.js';
import type { DataFacts } from './hygiene/data-facts.js';
import { requireGates, type DataGates } from './hygiene/gates.js';
import { LookedAtTables } from './hygiene/looked-at-tables.js';
import { dataWarnings } from './hygiene/warnings.js';
import type { IdColumn } from './ids.js';
import { ClassColumn } from './class-column.js';
import type { Header } from './header.js';
import type { LabelSource } from './label-source.js';
import { LabelColumns } from './labels.js';
import { defaultTask, tasks } from '../tasks/index.js';
import { preparedColumns, repeatColumn } from './prepared-table.js';
import {
  assignFolds,
  type FoldsOptions,
  type RowsToSplit,
  type SplitFacts,
  type Splits,
} from './splits/folds.js';
import { nameOf, type TableFile } from './table-file.js';
import { askedNames, defaultId, readTextRows } from './text-rows.js';
import type { TableColumns, TextRows, TextSink } from './text-rows.js';

/** The rows of a training table but for their texts. */
export interface LabelledRows extends TextRows {
  /** 0 or 1, `[rows, labels]`. */
  readonly labels: Uint8Array;
  /** What columns say of which rows are held out together, where the pipeline names them. */
  readonly split: Pick<RowsToSplit, 'groups' | 'given'>;
}

/** The columns that say which rows are held out together. */
export type SplitColumns = Pick<FoldsOptions, 'group' | 'column'>;

/** What is to be made of a pipeline's tables, and where to. Plain JSON: it goes to a process of its own. */
export interface PrepareRequest extends TableColumns {
  readonly train: TableFile;
  /** Null where the pipeline has none. */
  readonly test: TableFile | null;
  readonly folds: FoldsOptions;
  readonly gates?: DataGates;
  /** Null where the tables are looked at and nothing is kept of them. */
  readonly output: PreparedFiles | null;
}

/** The files of the prepared tables. */
export type PreparedFiles = Readonly<Record<'table' | 'trainIds' | 'test' | 'groups' | 'repeats', string>>;

const nowhere: PreparedFiles = {
  table: devNull,
  trainIds: devNull,
  test: devNull,
  groups: devNull,
  repeats: devNull,
};

export interface PreparedTables {
  /** `test` is null where there is none. */
  readonly rows: { readonly train: number; readonly test: number | null };
  readonly split: SplitFacts;
  /** Which of these were written: there are none of rows that are by themselves, and are split once. */
  readonly written: { readonly groups: boolean; readonly repeats: boolean };
  readonly facts: DataFacts;
  readonly warnings: readonly string[];
}

/**
 * Reads a training table.
 *
 * @throws TableFault at the first thing that a person has to change
 */
export async function readLabelledRows(
  file: TableFile,
  columns: TableColumns,
  texts: TextSink,
  split: SplitColumns = {},
): Promise<LabelledRows> {
  const asked = [...askedNames(columns), ...[split.group, split.column].filter((name) => name !== undefined)];
  let labels: LabelSource | undefined;
  const found: { groups?: CategoryColumn; given?: CategoryColumn } = {};
  const rows = await readTextRows(file, columns, texts, (header) => {
    const source = (labels = labelSource(header, columns, asked));
    if (split.group !== undefined) found.groups = CategoryColumn.of(header, split.group, asked, uses.group);
    if (split.column !== undefined) found.given = CategoryColumn.of(header, split.column, asked, uses.column);
    return (cells, row) => {
      source.append(cells, row);
      found.groups?.append(cells, row);
      found.given?.append(cells, row);
    };
  });
  const values = await labels!.values(rows.table);
  const { groups, given } = found;
  return {
    ...rows,
    labels: values,
    split: {
      ...(groups === undefined ? {} : { groups: await groups.groups(rows.table, uses.group) }),
      ...(given === undefined
        ? {}
        : { given: { names: given.names(), of: await given.groups(rows.table, uses.column) } }),
    },
    warnings: [...labels!.warnings(nameOf(file), rows.rows), ...rows.warnings],
  };
}

const uses = {
  group: { setting: 'folds.group', what: 'the column of the groups' },
  column: { setting: 'folds.column', what: 'the column of the folds' },
} as const satisfies Record<keyof SplitColumns, CategoryUse>;

function labelSource(header: Header, columns: TableColumns, asked: readonly string[]): LabelSource {
  const { labels, target, task = defaultTask } = columns;
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
  const { folds } = request;
  const output = request.output ?? nowhere;
  const looked = new LookedAtTables(request);
  const train = await writing(output.table, async (file) => {
    const texts = file.texts(preparedColumns.texts);
    const memory = (folds.together ?? 'none') === 'none' ? undefined : new TextMemory();
    const rows = await readLabelledRows(request.train, request, looked.train(both(texts, memory)), folds);
    texts.end();
    const width = request.labels.length;
    const known = { labels: rows.labels, width, ...rows.split };
    const splits = assignFolds(memory === undefined ? known : { ...known, texts: memory }, folds);
    file.bytes(preparedColumns.labels, width, rows.labels);
    file.integers(preparedColumns.folds, splits.repeats[0]!);
    file.finish(rows.rows);
    return { ...rows, splits };
  });
  const written = await writeSplits(train.splits, output);
  await writing(output.trainIds, (file) => {
    writeIds(file, train.ids);
    file.finish(train.rows);
  });
  const test =
    request.test === null
      ? null
      : await writeTestTable(request.test, request, output.test, (texts) => looked.test(texts));
  const facts = looked.facts(train.labels);
  requireGates(facts, request.gates ?? {});
  return {
    rows: { train: train.rows, test: test?.rows ?? null },
    split: train.splits.facts,
    written,
    facts,
    warnings: [
      ...train.warnings,
      ...(test?.warnings ?? []),
      ...(test === null ? [] : differences(train, test, request)),
      ...dataWarnings(facts, request),
      ...train.splits.warnings,
    ],
  };
}

function both(file: TextSink, memory: TextMemory | undefined): TextSink {
  if (memory === undefined) return file;
  return {
    append: (text) => {
      file.append(text);
      memory.append(text);
    },
  };
}

/** What the training table has no place for, as it is the same with and without. */
async function writeSplits(
  { groups, repeats }: Splits,
  output: PreparedFiles,
): Promise<PreparedTables['written']> {
  const [{ length: rows }] = repeats as [Int32Array];
  if (groups !== null) {
    await writing(output.groups, (file) => {
      file.integers(preparedColumns.groups, groups.of);
      file.finish(rows);
    });
  }
  if (repeats.length > 1) {
    await writing(output.repeats, (file) => {
      for (const [place, folds] of repeats.entries()) {
        if (place > 0) file.integers(repeatColumn(place + 1), folds);
      }
      file.finish(rows);
    });
  }
  return { groups: groups !== null, repeats: repeats.length > 1 };
}

/**
 * Reads a table of rows to predict and writes them into a column file.
 *
 * @param watched gives the sink that is told each text on its way to the file
 * @throws TableFault at the first thing that a person has to change
 */
export async function writeTestTable(
  file: TableFile,
  columns: TableColumns,
  output: string,
  watched: (texts: TextSink) => TextSink = (texts) => texts,
): Promise<TextRows> {
  return writing(output, async (target) => {
    const texts = target.texts(preparedColumns.texts);
    const rows = await readTextRows(file, columns, watched(texts));
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
