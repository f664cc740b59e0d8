import { isUtf8 } from 'node:buffer';
import { open } from 'node:fs/promises';
import { table, type ColumnTable } from 'arquero';
import { CsvError, parse } from 'csv-parse/sync';
import { TableFault } from './table-fault.js';

/** A CSV file as it stands: every cell a string, verbatim. */
export interface TextTable {
  readonly file: string;
  readonly columns: ColumnTable;
  /** The line of the file where each row starts. */
  readonly lines: Int32Array;
}

/** What one read of a file can give in Node. */
const maxBytes = 2 ** 31 - 1;
/** One row, all its cells together. */
const maxRowCharacters = 16 * 1024 * 1024;

/**
 * Reads a CSV file (RFC 4180, comma, UTF-8 with or without byte order mark; rows end in LF, CRLF or
 * CR). Nothing is repaired and nothing converted: `NA` and `007` stay what they are.
 *
 * @throws TableFault for a file that is missing, too large, or not such a table
 */
export async function readTable(file: string): Promise<TextTable> {
  return parseTable(await readBytes(file), file);
}

/** @throws TableFault; see `readTable` */
export function parseTable(bytes: Buffer, file: string): TextTable {
  requireText(bytes, file);
  const [header, ...rows] = parseRecords(bytes, file);
  if (header === undefined) {
    throw new TableFault({ file }, { what: 'the file is empty', expected: 'a header and rows' });
  }
  const names = header.cells;
  requireDistinct(names, file);
  rows.forEach((row, index) => requireWidth(row, names, file, index + 1));
  const columns = names.map((name, column) => [name, rows.map(({ cells }) => cells[column]!)] as const);
  return { file, columns: table(columns), lines: Int32Array.from(rows, ({ firstLine }) => firstLine) };
}

interface ParsedRecord {
  readonly cells: string[];
  readonly firstLine: number;
}

function parseRecords(bytes: Buffer, file: string): ParsedRecord[] {
  const records: ParsedRecord[] = [];
  let nextLine = 1;
  try {
    parse(bytes, {
      bom: true,
      record_delimiter: ['\r\n', '\n', '\r'],
      max_record_size: maxRowCharacters,
      // Widths are checked by `requireWidth`, which knows the row's first line.
      relax_column_count: true,
      on_record: (cells: string[], { lines }) => {
        records.push({ cells, firstLine: nextLine });
        nextLine = lines + 1;
        return null;
      },
    });
    return records;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    // Neither the error nor its message may go on: both carry the row's text.
    const header = records.length === 0;
    const place = { file, line: nextLine, ...(header ? {} : { row: records.length }) };
    throw new TableFault(place, csvFaults[error.code] ?? { what: `the row cannot be read (${error.code})` });
  }
}

const csvFaults: Readonly<Record<string, { what: string; expected?: string; remedy?: string }>> = {
  CSV_QUOTE_NOT_CLOSED: {
    what: 'a quote is opened and never closed',
    remedy: 'Close it; a quote inside a quoted cell is written twice.',
  },
  CSV_INVALID_CLOSING_QUOTE: {
    what: 'a quoted cell goes on after its closing quote',
    expected: 'a comma or the end of the row',
    remedy: 'Write a quote inside a quoted cell twice.',
  },
  INVALID_OPENING_QUOTE: {
    what: 'a quote stands inside a cell that is not quoted',
    remedy: 'Put the whole cell in quotes, and write the quote inside it twice.',
  },
  CSV_MAX_RECORD_SIZE: {
    what: 'the row is too long',
    expected: `at most ${maxRowCharacters} characters`,
    remedy: 'Look for a quote that is not closed.',
  },
};

/** UTF-8 without NUL; what is binary or in another encoding would otherwise become wrong texts. */
function requireText(bytes: Buffer, file: string): void {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    throw new TableFault(
      { file },
      { what: 'the file is UTF-16', expected: 'UTF-8', remedy: 'Save it as CSV UTF-8.' },
    );
  }
  const nul = bytes.indexOf(0);
  if (nul >= 0) {
    throw new TableFault(
      { file, line: lineOf(bytes, nul) },
      { what: 'there is a NUL byte', expected: 'text', remedy: 'Export the table again as CSV UTF-8.' },
    );
  }
  if (!isUtf8(bytes)) {
    throw new TableFault(
      { file, line: firstBrokenLine(bytes) },
      { what: 'the file is not UTF-8', expected: 'UTF-8', remedy: 'Save it as CSV UTF-8.' },
    );
  }
}

const newline = 0x0a;

function lineOf(bytes: Buffer, offset: number): number {
  let line = 1;
  for (let at = bytes.indexOf(newline); at >= 0 && at < offset; at = bytes.indexOf(newline, at + 1)) line++;
  return line;
}

/** No UTF-8 sequence spans a newline, so lines can be judged one by one. */
function firstBrokenLine(bytes: Buffer): number {
  let start = 0;
  for (let line = 1; ; line++) {
    const end = bytes.indexOf(newline, start);
    if (end < 0 || !isUtf8(bytes.subarray(start, end))) return line;
    start = end + 1;
  }
}

function requireDistinct(names: readonly string[], file: string): void {
  const name = names.find((candidate, index) => names.indexOf(candidate) < index);
  if (name === undefined) return;
  throw new TableFault(
    { file, line: 1, column: name },
    {
      what: 'two columns have this name',
      expected: 'each name once',
      remedy: 'Rename or remove one of them.',
    },
  );
}

function requireWidth(
  { cells, firstLine }: ParsedRecord,
  names: readonly string[],
  file: string,
  row: number,
): void {
  if (cells.length === names.length) return;
  const blank = cells.length === 1 && cells[0] === '';
  throw new TableFault(
    { file, row, line: firstLine },
    {
      what: blank
        ? 'the row is a blank line'
        : `the row is too ${cells.length < names.length ? 'short' : 'long'}`,
      expected: `${names.length} cells, as in the header`,
      found: String(cells.length),
      remedy: blank ? 'Remove it.' : 'Put cells with commas or line breaks in quotes.',
    },
  );
}

async function readBytes(file: string): Promise<Buffer> {
  let handle;
  try {
    handle = await open(file, 'r');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new TableFault(
      { file },
      {
        what: code === 'ENOENT' ? 'there is no such file' : `the file cannot be opened (${code})`,
        expected: 'a CSV file',
        remedy: 'Set data.train and data.test to the paths of the tables, relative to the pipeline.',
      },
    );
  }
  try {
    const facts = await handle.stat();
    if (!facts.isFile())
      throw new TableFault({ file }, { what: 'this is not a file', expected: 'a CSV file' });
    if (facts.size > maxBytes) {
      throw new TableFault(
        { file },
        {
          what: 'the file is too large',
          found: `${facts.size} bytes`,
          expected: `at most ${maxBytes} bytes`,
        },
      );
    }
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}
