import { readTable, type OnRow, type ReadTable } from './csv.js';
import type { Header } from './header.js';
import { IdColumn } from './ids.js';
import type { TaskName } from '../tasks/task.js';
import { TableFault } from './table-fault.js';
import { nameOf, type TableFile } from './table-file.js';

/** Which columns a pipeline's tables have. */
export interface TableColumns {
  /** Candidate text columns; the first that a file has is used, a label never. */
  readonly text: readonly string[];
  /** Column of the ids, which must be there. Undefined: `id` where a file has it, else rows are numbered. */
  readonly id: string | undefined;
  readonly labels: readonly string[];
  /** Default: any number of labels per row. */
  readonly task?: TaskName;
  /** Column of the class names; without it there is a column of 0 and 1 per label. */
  readonly target?: string;
  /** Where a person names columns. Default: in the pipeline. */
  readonly namedIn?: keyof typeof remedies;
}

/** How a person says which column is meant. */
const remedies = {
  pipeline: {
    text: 'Name the column of the texts in data.text, as in `text: [message]`.',
    id: 'Correct data.id, or leave it out: rows are then numbered.',
    otherId: 'in data.id',
  },
  command: {
    text: 'Name the column of the texts by --text-column, as in `--text-column message`.',
    id: 'Name the column of the ids by --id-column, or say --no-id-column: rows are then numbered.',
    otherId: 'by --id-column',
  },
  scoring: {
    text: 'Name the column of the texts by --text-column (options.columns.text of the workflow).',
    id: 'Name the column of the ids by --id-column (options.columns.id of the workflow), or say --no-id-column (null): rows are then numbered.',
    otherId: 'by --id-column (options.columns.id of the workflow)',
  },
} as const;

/** Header of the id column where the pipeline names none. */
export const defaultId = 'id';

/** Told every text of a table, in the order of the rows. */
export interface TextSink {
  append(text: string): void;
}

/** The rows of a table but for their texts. */
export interface TextRows {
  readonly table: ReadTable;
  readonly rows: number;
  readonly textColumn: string;
  /** Null where rows are numbered. */
  readonly ids: IdColumn | null;
  readonly warnings: readonly string[];
}

/** The columns that hold the truth: one per label, or one of class names. */
export function labelColumns({
  labels,
  target,
}: {
  readonly labels: readonly string[];
  readonly target?: string | undefined;
}): readonly string[] {
  return target === undefined ? labels : [target];
}

/** Every name that the pipeline has for a column. */
export function askedNames({ text, id, labels, target }: TableColumns): string[] {
  return [...text, id ?? defaultId, ...labelColumns({ labels, target })];
}

/**
 * Reads the ids and texts of a table, verbatim.
 *
 * @param onHeader may ask for more of each row
 * @throws TableFault at the first thing that a person has to change
 */
export async function readTextRows(
  source: TableFile,
  columns: TableColumns,
  texts: TextSink,
  onHeader: (header: Header) => OnRow = () => () => undefined,
): Promise<TextRows> {
  const file = nameOf(source);
  let found: { textColumn: string; ids: IdColumn | null; warnings: string[] } | undefined;
  let empty = 0;
  const table = await readTable(source, (header) => {
    const textColumn = textColumnOf(header, columns);
    const { name: idName, warnings } = idColumnOf(file, header, columns);
    const idPlace = idName === null ? undefined : header.place(idName);
    const ids = idPlace === undefined ? null : new IdColumn();
    found = { textColumn, ids, warnings: [...warnings] };
    const textPlace = header.place(textColumn)!;
    const onRow = onHeader(header);
    return (cells, row) => {
      const text = cells[textPlace]!;
      if (text.trim() === '') empty++;
      texts.append(text);
      if (idPlace !== undefined) ids!.append(cells[idPlace]!);
      onRow(cells, row);
    };
  });
  const { rows } = table;
  if (rows === 0) {
    throw new TableFault({ file }, { what: 'there is a header but no rows', expected: 'at least one row' });
  }
  const { textColumn, ids, warnings } = found!;
  if (ids !== null) await requireDistinct(ids, table, columns.id ?? defaultId);
  if (empty > 0) warnings.push(`${file}: ${empty} of ${rows} texts are empty.`);
  return { table, rows, textColumn, ids, warnings };
}

/** The column of the texts. @throws TableFault where there is none */
export function textColumnOf(header: Header, columns: TableColumns): string {
  const { text } = columns;
  const labels = labelColumns(columns);
  const candidates = text.filter((name) => !labels.includes(name));
  const found = candidates.find((name) => header.place(name) !== undefined);
  if (found !== undefined) return found;
  throw header.fault(
    { missing: candidates, asked: askedNames(columns) },
    {
      what: 'there is no text column',
      expected: `one of ${candidates.join(', ')}`,
      remedy: remedies[columns.namedIn ?? 'pipeline'].text,
    },
  );
}

/** The column of the ids; null where rows are numbered. @throws TableFault where one was asked for and is not there */
export function idColumnOf(
  file: string,
  header: Header,
  columns: TableColumns,
): { readonly name: string | null; readonly warnings: readonly string[] } {
  const name = columns.id ?? defaultId;
  const remedy = remedies[columns.namedIn ?? 'pipeline'];
  const place = header.place(name);
  if (place === undefined && columns.id !== undefined) {
    throw header.fault(
      { missing: [name], asked: askedNames(columns) },
      {
        what: 'there is no id column',
        expected: JSON.stringify(name),
        remedy: remedy.id,
      },
    );
  }
  const alike = place === undefined ? header.lookalike(name) : undefined;
  if (alike === undefined) return { name: place === undefined ? null : name, warnings: [] };
  const guess = `${file}: there is no column ${JSON.stringify(name)}, so rows are numbered; is it ${alike}?`;
  return { name: null, warnings: [`${guess} Then name it ${remedy.otherId} or correct the header.`] };
}

/** Ids are strings verbatim; they name the rows of the results, so each must be there once. */
async function requireDistinct(ids: IdColumn, table: ReadTable, id: string): Promise<void> {
  const repeated = ids.repeated();
  if (repeated === null) return;
  const [first, again] = repeated;
  const { line } = await table.place(first);
  throw new TableFault(await table.place(again, id), {
    what: `the id is the same as in row ${first + 1} (line ${line})`,
    expected: 'a different id in every row',
    remedy: 'Remove one of the rows, or set data.id to another column.',
  });
}
