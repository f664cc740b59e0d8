import { createHash } from 'node:crypto';
import type { ByteSource } from './source.js';

/** Of what has been read of a table the digest up to any row, so that what is read again is known to be the same. */
export class PrefixDigest {
  private readonly hash = createHash('sha256');
  private pieces: Buffer[] = [];
  private offset = 0;

  /** The source, its pieces listened to. It is read from its front. */
  of(source: ByteSource): ByteSource {
    const listen = async function* (this: PrefixDigest): AsyncGenerator<Buffer> {
      for await (const piece of source.pieces()) {
        this.pieces.push(piece);
        yield piece;
      }
    };
    return { ...source, pieces: () => listen.call(this), close: () => source.close() };
  }

  /** Takes in what stands before a byte: what is not taken in stays in memory. */
  advance(offset: number): void {
    while (this.offset < offset) {
      const [piece] = this.pieces;
      if (piece === undefined) throw new RangeError(`${offset} bytes of ${this.offset} that were read`);
      const length = Math.min(piece.length, offset - this.offset);
      this.hash.update(piece.subarray(0, length));
      this.offset += length;
      if (length === piece.length) this.pieces.shift();
      else this.pieces[0] = piece.subarray(length);
    }
  }

  /** Of all that was taken in. */
  digest(): string {
    return this.hash.copy().digest('hex');
  }
}
