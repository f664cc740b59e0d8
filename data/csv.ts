import { Growing } from './column-file/growing.js';
import { maxRows } from './column-file/format.js';
import { CsvRecords, rowFault, RowFailure } from './csv-records.js';
import { Header } from './header.js';
import { TableFault, type TablePlace } from './table-fault.js';
import { nameOf, type TableFile } from './table-file.js';
import { TableSource } from './table-source.js';

/** Told each row's cells, as many as the header has; rows count from 0. */
export type OnRow = (cells: readonly string[], row: number) => void;

/** A table that was read to its end. */
export interface ReadTable {
  readonly rows: number;
  /** Where a row is, for a fault. */
  place(row: number, column?: string): Promise<TablePlace>;
}

/**
 * Reads a CSV file (RFC 4180, comma, UTF-8 with or without byte order mark; rows end in LF, CRLF or
 * CR), row by row. Nothing is repaired and nothing converted: every cell is a string, verbatim, and `NA`
 * and `007` stay what they are.
 *
 * @param onHeader told the columns before the first row; what it returns is told the rows
 * @throws TableFault for a file that is missing, too large, or not such a table
 */
export async function readTable(table: TableFile, onHeader: (header: Header) => OnRow): Promise<ReadTable> {
  const file = nameOf(table);
  const source = await TableSource.open(table);
  const starts = new Growing((length) => new Uint32Array(length));
  let told: { readonly onRow: OnRow } | undefined;
  const records = new CsvRecords({
    onHeader: (names) => {
      const header = new Header(file, names);
      told = { onRow: onHeader(header) };
      header.requireDistinct();
    },
    onRow: (cells) => {
      if (starts.length === maxRows) throw new RowFailure({ what: `there are more than ${maxRows} rows` });
      told!.onRow(cells, starts.length);
      starts.append(records.start);
    },
  });
  try {
    for await (const piece of records.read(source.pieces())) void piece;
    if (told === undefined)
      throw new TableFault({ file }, { what: 'the file is empty', expected: 'a header and rows' });
    return {
      rows: starts.length,
      place: (row, column) => placeOf(table, starts.values()[row]!, row, column),
    };
  } catch (error) {
    const fault = rowFault(error);
    if (fault === undefined) throw error;
    const row = told === undefined ? {} : { row: starts.length + 1 };
    throw new TableFault({ file, line: await source.lineOf(records.start), ...row }, fault);
  } finally {
    await source.close();
  }
}

async function placeOf(table: TableFile, start: number, row: number, column?: string): Promise<TablePlace> {
  const source = await TableSource.open(table);
  try {
    const line = await source.lineOf(start);
    return { file: nameOf(table), row: row + 1, line, ...(column === undefined ? {} : { column }) };
  } finally {
    await source.close();
  }
}
