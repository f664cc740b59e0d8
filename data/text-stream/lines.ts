/** Counts the lines of pieces as the rows in them are read. Lines end in LF, CRLF or CR. */
export class LineCount {
  private pieces: Buffer[] = [];
  private lastIsReturn = false;

  /** @param offset where the first piece begins @param lines ends of lines before it */
  constructor(
    private offset: number,
    private lines: number,
  ) {}

  add(piece: Buffer): void {
    this.pieces.push(piece);
  }

  /** Ends of lines before a byte, which lies behind those asked for before. */
  before(offset: number): number {
    while (this.offset < offset) {
      const [piece] = this.pieces;
      if (piece === undefined) break;
      const length = Math.min(piece.length, offset - this.offset);
      this.count(piece, length);
      this.offset += length;
      if (length === piece.length) this.pieces.shift();
      else this.pieces[0] = piece.subarray(length);
    }
    return this.lines;
  }

  private count(piece: Buffer, length: number): void {
    for (let at = 0; at < length; at++) {
      const byte = piece[at]!;
      // Of CRLF the CR counts.
      if (byte === carriageReturn || (byte === lineFeed && !this.lastIsReturn)) this.lines++;
      this.lastIsReturn = byte === carriageReturn;
    }
  }
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
