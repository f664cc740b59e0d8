import type { TextColumn } from '../../data/column-file/reader.js';

/**
 * Texts that are scored together: what they are padded and packed with decides the last bits of their probabilities.
 * So all that scores a table cuts it here, by the number of a row in it, and a chunk that begins at a multiple of this
 * gets the bits that the whole table gives it.
 */
export const ROWS_AT_ONCE = 65_536;

/** Long texts are cut off earlier; so many bytes are 8 KiB for each of as many rows. */
const BYTES_AT_ONCE = 2 ** 29;

/** Says of the rows of a table, told in order, which of them begin a new group. */
export class ScoredTogether {
  private bytes = 0;

  private readonly mostRows: number;
  private readonly mostBytes: number;

  constructor({ rows = ROWS_AT_ONCE, bytes = BYTES_AT_ONCE } = {}) {
    this.mostRows = rows;
    this.mostBytes = bytes;
  }

  /** @param row its number in the table, from 0 */
  begins(row: number, text: string): boolean {
    const more = Buffer.byteLength(text);
    const begins = row % this.mostRows === 0 || this.bytes + more > this.mostBytes;
    this.bytes = begins ? more : this.bytes + more;
    return begins;
  }
}

/** The groups of a table's texts, in order. */
export function* groupsOf(texts: TextColumn, together = new ScoredTogether()): Iterable<TextColumn> {
  let [first, row] = [0, 0];
  for (const list of texts.lists()) {
    for (const text of list) {
      if (together.begins(row, text) && row > first) {
        yield texts.part(first, row);
        first = row;
      }
      row++;
    }
  }
  if (row > first) yield texts.part(first, row);
}
