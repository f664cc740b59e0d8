import { maxRawBytes, RowFailure } from '../csv-records.js';
import { JsonLine } from './json-line.js';

/** The lines of JSON lines: an object on each, which ends in LF or CRLF. */
export class JsonRecords {
  /** Where the line in progress starts, in bytes of the file. */
  start: number;
  private rest: Buffer[] = [];
  private held = 0;

  /** @param from where the first piece begins @param onRow told each object and the byte after its line */
  constructor(
    private readonly from: number,
    private readonly onRow: (line: JsonLine, end: number) => void,
  ) {
    this.start = from;
  }

  /** Takes pieces of the file, of whole characters; after each, its rows have been told. */
  async *read(pieces: AsyncIterable<Buffer>): AsyncGenerator<void> {
    let first = this.from === 0;
    for await (const piece of pieces) {
      let at =
        first && piece.subarray(0, byteOrderMark.length).equals(byteOrderMark) ? byteOrderMark.length : 0;
      this.start += at;
      first = false;
      for (let end = piece.indexOf(lineFeed, at); end >= 0; end = piece.indexOf(lineFeed, at)) {
        this.take(piece.subarray(at, end), 1);
        at = end + 1;
      }
      if (at < piece.length) this.hold(piece.subarray(at));
      yield;
    }
    if (this.held > 0) this.take(Buffer.alloc(0), 0);
    yield;
  }

  private hold(bytes: Buffer): void {
    this.held += bytes.length;
    if (this.held > maxRawBytes)
      throw new RowFailure({ what: 'the line is too long', expected: `at most ${maxRawBytes} bytes` });
    this.rest.push(bytes);
  }

  private take(bytes: Buffer, lineBreak: number): void {
    this.hold(bytes);
    const whole = this.rest.length === 1 ? bytes : Buffer.concat(this.rest);
    const text = whole.toString('utf8');
    if (text.trim() === '')
      throw new RowFailure({
        what: 'the row is a blank line',
        expected: 'a JSON object on each line',
        remedy: 'Remove it.',
      });
    const end = this.start + this.held + lineBreak;
    this.onRow(JsonLine.read(text), end);
    this.start = end;
    this.rest = [];
    this.held = 0;
  }
}

const lineFeed = 0x0a;
const byteOrderMark = Buffer.from('\ufeff');
