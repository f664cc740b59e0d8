import { CsvError, parse, type Parser } from 'csv-parse';

/** One row, all its cells together. */
const maxRowBytes = 16 * 1024 * 1024;
/** As it stands in the file: cells may hold quotes, which are written twice, and JSON has escapes. */
export const maxRawBytes = 2 * maxRowBytes;
/** Names are short; without a line break a file is one long header. */
const maxHeaderBytes = 4 * 1024 * 1024;

export interface RowFault {
  readonly what: string;
  readonly expected?: string;
  readonly found?: string;
  readonly remedy?: string;
}

export interface CsvRecordsOptions {
  /** Between cells; default: a comma. */
  readonly separator?: string;
  /** Where in the file the first piece begins, behind a header of so many names; default: at its start. */
  readonly from?: { readonly offset: number; readonly width: number } | undefined;
  readonly onHeader: (names: readonly string[]) => void;
  /** Told each row's cells, as many as the header has, and the byte after it. */
  readonly onRow: (cells: readonly string[], end: number) => void;
}

/**
 * The records of a CSV (RFC 4180, UTF-8 with or without byte order mark; rows end in LF, CRLF or CR): the header, then
 * rows. Nothing is repaired and nothing converted. What is wrong is raised as `rowFault` reads it: of the record that
 * begins at `start`.
 */
export class CsvRecords {
  /** Where the record in progress starts, in bytes of the file. */
  start: number;
  /** Cells of a row; undefined before the header. */
  private width: number | undefined;
  private readonly base: number;
  /** Bytes handed to the parser, and whether the last of them ends a line. */
  private given: number;
  private lineEnded = false;
  private readonly parser: Parser;

  constructor(private readonly options: CsvRecordsOptions) {
    const { separator = ',', from } = options;
    this.base = this.start = this.given = from?.offset ?? 0;
    this.width = from?.width;
    const parser = parse({
      bom: this.base === 0,
      delimiter: separator,
      record_delimiter: ['\r\n', '\n', '\r'],
      max_record_size: maxRowBytes,
      // Widths are checked by `take`, which knows the row.
      relax_column_count: true,
      on_record: (cells: string[]) => {
        this.take(cells, this.base + parser.info.bytes);
        return null;
      },
    });
    // What fails is told to whoever waits for the piece.
    parser.on('error', () => undefined);
    this.parser = parser;
  }

  /** Takes pieces of the file, of whole characters; after each, its rows have been told. */
  async *read(pieces: AsyncIterable<Buffer>): AsyncGenerator<void> {
    try {
      for await (const piece of pieces) {
        this.requireBounded();
        if (this.given === 0 && piece.subarray(0, byteOrderMark.length).equals(byteOrderMark))
          this.start = byteOrderMark.length;
        this.given += piece.length;
        this.lineEnded = lineBreaks.has(piece.at(-1)!);
        await told((done) => this.parser.write(piece, done));
        yield;
      }
      await told((done) => this.parser.end(done));
      yield;
    } finally {
      this.parser.destroy();
    }
  }

  private requireBounded(): void {
    if (this.given - this.start > (this.width === undefined ? maxHeaderBytes : maxRawBytes))
      throw new RowFailure(csvFaults['CSV_MAX_RECORD_SIZE']!);
  }

  private take(cells: readonly string[], end: number): void {
    const blank = this.isBlank(cells, end);
    if (this.width === undefined) {
      if (blank) throw new RowFailure(blankHeader);
      this.width = cells.length;
      this.options.onHeader(cells);
    } else {
      requireRow(cells, this.width, blank);
      this.options.onRow(cells, end);
    }
    this.start = end;
  }

  /** Two quotes make a cell, also at the end of the file; a line break alone makes none. */
  private isBlank(cells: readonly string[], end: number): boolean {
    const unended = end === this.given && !this.lineEnded;
    return cells.length === 1 && cells[0] === '' && end - this.start <= 2 && !unended;
  }
}

function told(ask: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    ask((error) => (error == null ? resolve() : reject(error)));
  });
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
    remedy: 'Put cells with separators or line breaks in quotes.',
  });
}

const byteOrderMark = Buffer.from('\ufeff');

const lineBreaks: ReadonlySet<number> = new Set([0x0a, 0x0d]);

/** What is wrong with a row, before its line is known. */
export class RowFailure extends Error {
  constructor(readonly fault: RowFault) {
    super(fault.what);
  }
}

/** What is wrong with the record in progress. Neither the parser's error nor its message may go on: both carry its text. */
export function rowFault(error: unknown): RowFault | undefined {
  if (error instanceof RowFailure) return error.fault;
  if (!(error instanceof CsvError)) return undefined;
  return csvFaults[error.code] ?? { what: `the row cannot be read (${error.code})` };
}

const csvFaults: Readonly<Record<string, RowFault>> = {
  CSV_QUOTE_NOT_CLOSED: {
    what: 'a quote is opened and never closed',
    remedy: 'Close it; a quote inside a quoted cell is written twice.',
  },
  CSV_INVALID_CLOSING_QUOTE: {
    what: 'a quoted cell goes on after its closing quote',
    expected: 'the end of the cell',
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
