import { CsvRecords, rowFault, RowFailure } from '../csv-records.js';
import { foreignKind } from '../foreign-kind.js';
import { unsound, wholeCharacters } from '../sound-text.js';
import { TableFault } from '../table-fault.js';
import type { TableColumns } from '../text-rows.js';
import type { TextFormat } from './format.js';
import type { JsonLine } from './json-line.js';
import { JsonRecords } from './json-records.js';
import { layoutOf, separatorOf, type TextLayout } from './layout.js';
import { LineCount } from './lines.js';
import { streamStart, type StreamPlace } from './place.js';
import type { ByteSource } from './source.js';

/** A row of a table of any length. */
export interface StreamedRow {
  /** Verbatim; where rows are numbered, the row's number, from 0, as a run numbers them. */
  readonly id: string;
  /** Whether JSON has it without quotes. */
  readonly idIsNumber: boolean;
  readonly text: string;
  /** The line that it begins in, from 1. Its number is `end.rows`. */
  readonly line: number;
  /** The place after it: a stream that is opened there begins with the next row. */
  readonly end: StreamPlace;
}

export interface TextStreamOptions {
  readonly format: TextFormat;
  readonly columns: TableColumns;
  /** To begin between two rows: the place, as a row before it told it, and the layout of the stream that gave that row. */
  readonly from?: { readonly place: StreamPlace; readonly layout: TextLayout };
}

/** An id is written with every row of results, and many of them are in memory at once. */
const maxIdBytes = 4096;

/**
 * The ids and texts of a table of any length, verbatim, read from the front in bounded memory. What a pipeline's tables
 * must be these must be too, but that an id may be there twice: `DistinctIds` looks for that.
 *
 *     const stream = await TextStream.open(await fileSource('texts.csv'), { format: 'csv', columns });
 *     for await (const rows of stream.rows()) …
 */
export class TextStream {
  /** Told by the open table. */
  private found: { readonly layout: TextLayout; readonly warnings: readonly string[] } | undefined;
  private readonly read: AsyncGenerator<void>;
  private readonly records: { readonly start: number };
  private readonly lines: LineCount;
  private waiting: StreamedRow[] = [];
  /** What is wrong behind the rows that wait. */
  private failure: Error | undefined;
  private place: StreamPlace;

  private constructor(
    private readonly source: ByteSource,
    private readonly options: TextStreamOptions,
  ) {
    const { format, from } = options;
    this.place = from?.place ?? streamStart;
    this.lines = new LineCount(this.place.offset, this.place.lines);
    if (from !== undefined) this.found = { layout: from.layout, warnings: [] };
    const { offset } = this.place;
    const records =
      format === 'jsonl'
        ? new JsonRecords(offset, (line, end) => this.takeObject(line, end))
        : new CsvRecords({
            separator: separatorOf(format),
            from: from && { offset, width: from.layout.cells!.width },
            onHeader: (names) => this.take(names),
            onRow: (cells, end) => this.takeCells(cells, end),
          });
    this.records = records;
    this.read = records.read(this.pieces(offset));
  }

  /**
   * Opens a table and reads on to its first rows. The source is closed with it, and where it cannot be opened.
   *
   * @throws TableFault for what is no such table, or has not the columns
   */
  static async open(source: ByteSource, options: TextStreamOptions): Promise<TextStream> {
    const stream = new TextStream(source, options);
    try {
      while (stream.found === undefined && (await stream.next()));
      if (stream.found !== undefined) return stream;
      const expected = options.format === 'jsonl' ? 'a JSON object on each line' : 'a header and rows';
      throw new TableFault({ file: source.name }, { what: 'the file is empty', expected });
    } catch (error) {
      await stream.close();
      throw error;
    }
  }

  get layout(): TextLayout {
    return this.found!.layout;
  }

  /** What a person should know of the columns. */
  get warnings(): readonly string[] {
    return this.found!.warnings;
  }

  /**
   * The rows in order, in lists of as many as a piece of the file has, which may be none; once only.
   *
   * @throws TableFault at the first row that cannot be used; the rows before it have come then
   */
  async *rows(): AsyncGenerator<readonly StreamedRow[]> {
    do {
      yield this.waiting.splice(0);
    } while (await this.next());
  }

  /** A fault of a row that came, as whoever uses it finds it. */
  faultOf(
    { line, end }: Pick<StreamedRow, 'line' | 'end'>,
    details: { readonly what: string; readonly expected: string; readonly remedy: string },
  ): TableFault {
    return new TableFault({ file: this.source.name, row: end.rows, line }, details);
  }

  async close(): Promise<void> {
    await this.read.return(undefined);
    await this.source.close();
  }

  /** Reads another piece; false at the end. What is wrong in it is told once the rows before it were asked for. */
  private async next(): Promise<boolean> {
    if (this.failure !== undefined) throw this.failure;
    try {
      return (await this.read.next()).done !== true;
    } catch (error) {
      const fault = rowFault(error);
      const told = fault === undefined ? error : this.faultHere(fault);
      if (this.waiting.length === 0 || !(told instanceof Error)) throw told;
      this.failure = told;
      return true;
    }
  }

  /** Pieces of whole characters, each looked at for what is no text. */
  private async *pieces(from: number): AsyncGenerator<Buffer> {
    let kept: Buffer = Buffer.alloc(0);
    let at = from;
    for await (const bytes of this.source.pieces(from)) {
      if (at === 0) this.requireTable(bytes);
      const piece = kept.length === 0 ? bytes : Buffer.concat([kept, bytes]);
      const end = wholeCharacters(piece);
      kept = piece.subarray(end);
      at += bytes.length;
      if (end > 0) yield this.sound(piece.subarray(0, end), at - piece.length);
    }
    if (kept.length > 0) yield this.sound(kept, at - kept.length);
  }

  private sound(piece: Buffer, offset: number): Buffer {
    this.lines.add(piece);
    const found = unsound(piece);
    if (found === null) return piece;
    const { at, ...fault } = found;
    const line = this.lines.before(offset + at) + 1;
    throw new TableFault({ file: this.source.name, line }, fault);
  }

  private requireTable(start: Buffer): void {
    const kind = foreignKind(start);
    const { format } = this.options;
    if (kind === undefined || (kind.isJson === true && format === 'jsonl')) return;
    const { what } = kind;
    const remedy =
      kind.isJson === true ? 'Say so where it is JSON lines (jsonl), else convert it.' : kind.remedy;
    const expected = `${{ csv: 'CSV', tsv: 'TSV', jsonl: 'JSON lines' }[format]} in UTF-8`;
    throw new TableFault({ file: this.source.name }, { what, expected, remedy });
  }

  private take(names: readonly string[]): TextLayout {
    const { format, columns } = this.options;
    this.found = layoutOf(this.source.name, format, names, columns);
    return this.found.layout;
  }

  private takeCells(cells: readonly string[], end: number): void {
    const { text, id } = this.layout.cells!;
    this.append(id === null ? null : { id: cells[id]!, idIsNumber: false }, cells[text]!, end);
  }

  private takeObject(line: JsonLine, end: number): void {
    const layout = this.found?.layout ?? this.take(line.names());
    const text = line.field(layout.text);
    if (text?.kind !== 'text')
      throw wrongField(layout.text, text?.kind === 'number' ? 'a number' : text?.what, 'a text');
    requireSound(text.value, layout.text);
    if (layout.id === null) return this.append(null, text.value, end);
    const id = line.field(layout.id);
    if (id?.kind === 'number') return this.append({ id: id.written, idIsNumber: true }, text.value, end);
    if (id?.kind !== 'text') throw wrongField(layout.id, id?.what, 'a text or a number');
    requireSound(id.value, layout.id);
    this.append({ id: id.value, idIsNumber: false }, text.value, end);
  }

  private append(id: Pick<StreamedRow, 'id' | 'idIsNumber'> | null, text: string, offset: number): void {
    if (id !== null && id.id.length > maxIdBytes / 3 && Buffer.byteLength(id.id) > maxIdBytes)
      throw new RowFailure({ what: 'the id is too long', expected: `at most ${maxIdBytes} bytes` });
    const line = this.lines.before(this.records.start) + 1;
    const rows = this.place.rows + 1;
    this.place = { offset, rows, lines: this.lines.before(offset) };
    this.waiting.push({ ...(id ?? { id: String(rows - 1), idIsNumber: true }), text, line, end: this.place });
  }

  /** A fault of the record in progress. */
  private faultHere(fault: ConstructorParameters<typeof RowFailure>[0]): TableFault {
    const line = this.lines.before(this.records.start) + 1;
    const row = this.found === undefined ? {} : { row: this.place.rows + 1 };
    return new TableFault({ file: this.source.name, line, ...row }, fault);
  }
}

function wrongField(name: string, found: string | undefined, expected: string): RowFailure {
  if (found === undefined)
    return new RowFailure({
      what: `the object has no ${JSON.stringify(name)}, which the first one has`,
      expected,
    });
  return new RowFailure({ what: `${JSON.stringify(name)} cannot be used`, found, expected });
}

/** What escapes can bring in and a file of UTF-8 cannot have. */
function requireSound(text: string, name: string): void {
  if (!/[\0\p{Surrogate}]/u.test(text)) return;
  throw new RowFailure({
    what: `${JSON.stringify(name)} is no Unicode text`,
    found: text.includes('\0') ? 'a NUL' : 'half of a surrogate pair',
    remedy: 'Remove it from the texts.',
  });
}
