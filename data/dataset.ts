import { cells, listed } from './columns.js';
import { readTable, type TextTable } from './csv.js';
import { readLabels } from './labels.js';
import { TableFault } from './table-fault.js';

/** Where the rows are. */
export interface DatasetSource {
  readonly train: string;
  readonly test?: string;
  /** Candidate text columns; the first that a file has is used. */
  readonly text: readonly string[];
  /** Column of the ids; where a file lacks it, ids are 0, 1, 2 … */
  readonly id: string;
}

/** Texts with their ids, verbatim, in the order of the file. */
export interface TextRows {
  readonly ids: readonly string[];
  readonly texts: readonly string[];
}

export interface LabelledDataset {
  /** `labels`: per row, 0 or 1 per label. */
  readonly train: TextRows & { readonly labels: readonly (readonly number[])[] };
  /** Null where the source names none. */
  readonly test: TextRows | null;
  readonly warnings: readonly string[];
}

/**
 * Reads the tables. Label columns of the test table are ignored.
 *
 * @throws TableFault at the first thing that a person has to change
 */
export async function readDataset(
  source: DatasetSource,
  labels: readonly string[],
): Promise<LabelledDataset> {
  const trainTable = await readTable(source.train);
  const testTable = source.test === undefined ? null : await readTable(source.test);
  const train = textRows(trainTable, source, labels);
  const test = testTable === null ? null : textRows(testTable, source, labels);
  const { values, warnings } = readLabels(trainTable, labels);
  return {
    train: { ids: train.ids, texts: train.texts, labels: values },
    test: test === null ? null : { ids: test.ids, texts: test.texts },
    warnings: [
      ...warnings,
      ...(test === null ? [] : columnWarnings(train.textColumn, test.textColumn)),
      ...emptyTextWarnings(trainTable.file, train.texts),
      ...(test === null || testTable === null ? [] : emptyTextWarnings(testTable.file, test.texts)),
    ],
  };
}

function textRows(
  table: TextTable,
  { text, id }: DatasetSource,
  labels: readonly string[],
): TextRows & { readonly textColumn: string } {
  if (table.lines.length === 0) {
    throw new TableFault(
      { file: table.file },
      { what: 'there is a header but no rows', expected: 'at least one row' },
    );
  }
  const textColumn = findTextColumn(table, text, labels);
  return { ids: readIds(table, id), texts: cells(table, textColumn), textColumn };
}

function findTextColumn(table: TextTable, candidates: readonly string[], labels: readonly string[]): string {
  const names = table.columns.columnNames();
  const found = candidates.find((name) => names.includes(name) && !labels.includes(name));
  if (found !== undefined) return found;
  throw new TableFault(
    { file: table.file },
    {
      what: 'there is no text column',
      expected: `one of ${candidates.join(', ')}`,
      found: `the columns ${listed(names)}`,
      remedy: 'Name the column of the texts in data.text, as in `text: [message]`.',
    },
  );
}

/** Ids are strings verbatim; they name the rows of the results, so each must be there once. */
function readIds(table: TextTable, id: string): string[] {
  if (!table.columns.columnNames().includes(id)) return Array.from(table.lines, (_, row) => String(row));
  const ids = cells(table, id);
  const seen = new Map<string, number>();
  ids.forEach((value, row) => {
    const first = seen.get(value);
    if (first !== undefined) {
      throw new TableFault(
        { file: table.file, row: row + 1, line: table.lines[row]!, column: id },
        {
          what: `the id is the same as in row ${first + 1} (line ${table.lines[first]!})`,
          expected: 'a different id in every row',
          remedy: 'Remove one of the rows, or set data.id to another column.',
        },
      );
    }
    seen.set(value, row);
  });
  return ids;
}

function columnWarnings(train: string, test: string): string[] {
  if (train === test) return [];
  const names = `${JSON.stringify(train)} for training and ${JSON.stringify(test)} for the test rows`;
  return [`The text columns differ: ${names}.`];
}

function emptyTextWarnings(file: string, texts: readonly string[]): string[] {
  const count = texts.filter((text) => text.trim() === '').length;
  return count === 0 ? [] : [`${file}: ${count} of ${texts.length} texts are empty.`];
}
