import { CsvError, parse } from 'csv-parse';
import { pipeline } from 'node:stream/promises';
import { Growing } from './column-file/growing.js';
import { maxRows } from './column-file/format.js';
import { Header } from './header.js';
import { TableFault, type TablePlace } from './table-fault.js';
import { TableSource } from './table-source.js';

/** One row, all its cells together. */
const maxRowBytes = 16 * 1024 * 1024;
/** As it stands in the file: cells may hold quotes, which are written twice. */
const maxRawBytes = 2 * maxRowBytes;
/** Names are short; without a line break a file is one long header. */
const maxHeaderBytes = 4 * 1024 * 1024;

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
export async function readTable(file: string, onHeader: (header: Header) => OnRow): Promise<ReadTable> {
  const source = await TableSource.open(file);
  try {
    const records = new Records(file, onHeader);
    await records.read(source);
    return {
      rows: records.rows,
      place: (row, column) => placeOf(file, records.startOf(row), row, column),
    };
  } finally {
    await source.close();
  }
}

async function placeOf(file: string, start: number, row: number, column?: string): Promise<TablePlace> {
  const source = await TableSource.open(file);
  try {
    const line = await source.lineOf(start);
    return { file, row: row + 1, line, ...(column === undefined ? {} : { column }) };
  } finally {
    await source.close();
  }
}

interface RowFault {
  readonly what: string;
  readonly expected?: string;
  readonly found?: string;
  readonly remedy?: string;
}

/** The records of a file as they are parsed: the header, then rows. */
class Records {
  private readonly starts = new Growing((length) => new Uint32Array(length));
  private header: Header | undefined;
  private onRow: OnRow = () => undefined;
  /** Where the record in progress starts, in bytes. */
  private start = 0;
  /** Bytes handed to the parser, and whether the last of them ends a line. */
  private given = 0;
  private lineEnded = false;
  constructor(
    private readonly file: string,
    private readonly onHeader: (header: Header) => OnRow,
  ) {}

  get rows(): number {
    return this.starts.length;
  }

  startOf(row: number): number {
    return this.starts.values()[row]!;
  }

  async read(source: TableSource): Promise<void> {
    const parser = parse({
      bom: true,
      record_delimiter: ['\r\n', '\n', '\r'],
      max_record_size: maxRowBytes,
      // Widths are checked by `take`, which knows the row.
      relax_column_count: true,
      on_record: (cells: string[]) => {
        this.take(cells, parser.info.bytes);
        return null;
      },
    });
    try {
      await pipeline(this.pieces(source), parser, drained);
    } catch (error) {
      const fault = rowFault(error);
      throw fault === undefined ? error : await this.faultHere(source, fault);
    }
    if (this.header === undefined) {
      throw new TableFault({ file: this.file }, { what: 'the file is empty', expected: 'a header and rows' });
    }
  }

  private async *pieces(source: TableSource): AsyncGenerator<Buffer> {
    for await (const piece of source.pieces()) {
      if (this.given - this.start > (this.header === undefined ? maxHeaderBytes : maxRawBytes))
        throw await this.faultHere(source, csvFaults['CSV_MAX_RECORD_SIZE']!);
      if (this.given === 0 && piece.subarray(0, byteOrderMark.length).equals(byteOrderMark))
        this.start = byteOrderMark.length;
      this.given += piece.length;
      this.lineEnded = lineBreaks.has(piece.at(-1)!);
      yield piece;
    }
  }

  private take(cells: readonly string[], end: number): void {
    const blank = this.isBlank(cells, end);
    if (this.header === undefined) {
      if (blank) throw new RowFailure(blankHeader);
      this.header = new Header(this.file, cells);
      this.onRow = this.onHeader(this.header);
      this.header.requireDistinct();
    } else {
      requireRow(cells, this.header.names.length, blank);
      if (this.rows === maxRows) throw new RowFailure({ what: `there are more than ${maxRows} rows` });
      this.onRow(cells, this.rows);
      this.starts.append(this.start);
    }
    this.start = end;
  }

  /** Two quotes make a cell, also at the end of the file; a line break alone makes none. */
  private isBlank(cells: readonly string[], end: number): boolean {
    const unended = end === this.given && !this.lineEnded;
    return cells.length === 1 && cells[0] === '' && end - this.start <= 2 && !unended;
  }

  /** A fault of the record in progress. */
  private async faultHere(source: TableSource, fault: RowFault): Promise<TableFault> {
    const line = await source.lineOf(this.start);
    const row = this.header === undefined ? {} : { row: this.rows + 1 };
    return new TableFault({ file: this.file, line, ...row }, fault);
  }
}

const blankHeader: RowFault = {
  what: 'the first line is blank',
  expected: 'a header',
  remedy: 'Remove the line.',
};

function requireRow(cells: readonly string[], width: number, blank: boolean): void {
  if (blank) {
    throw new RowFailure({
      what: 'the row is a blank line',
      expected: width === 1 ? 'a cell; an empty one is written ""' : `${width} cells, as in the header`,
      remedy: 'Remove it.',
    });
  }
  if (cells.length === width) return;
  throw new RowFailure({
    what: `the row is too ${cells.length < width ? 'short' : 'long'}`,
    expected: `${width} cells, as in the header`,
    found: String(cells.length),
    remedy: 'Put cells with commas or line breaks in quotes.',
  });
}

const byteOrderMark = Buffer.from('\ufeff');

const lineBreaks: ReadonlySet<number> = new Set([0x0a, 0x0d]);

/** What is wrong with a row, before its line is known. */
class RowFailure extends Error {
  constructor(readonly fault: RowFault) {
    super(fault.what);
  }
}

/** What is wrong with the record in progress. Neither the parser's error nor its message may go on: both carry its text. */
function rowFault(error: unknown): RowFault | undefined {
  if (error instanceof RowFailure) return error.fault;
  if (!(error instanceof CsvError)) return undefined;
  return csvFaults[error.code] ?? { what: `the row cannot be read (${error.code})` };
}

/** Records are taken as they are parsed, so that nothing comes out. */
async function drained(records: AsyncIterable<unknown>): Promise<void> {
  for await (const record of records) void record;
}

const csvFaults: Readonly<Record<string, RowFault>> = {
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
    expected: `at most ${maxRowBytes} bytes, and ${maxHeaderBytes} of the header`,
    remedy: 'Look for a quote that is not closed.',
  },
};
