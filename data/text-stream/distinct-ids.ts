import { hash } from 'node:crypto';

/** Ids that are remembered: each takes 40 bytes at most, so all of them 160 MiB. */
const mostIds = 1 << 22;
const firstRoom = 1 << 12;
/** Of a digest, which tells ids apart beyond doubt. */
const words = 4;

/**
 * The ids of a table of any length, of which none may be there twice. The first 4,194,304 are remembered, by 128 bits
 * of their digest each; an id after these is looked for among them, and not among those that come later.
 */
export class DistinctIds {
  private room = firstRoom;
  private digests = new Uint32Array(firstRoom * words);
  /** Row of each, from 1; 0 where there is none. */
  private rows = new Uint32Array(firstRoom);
  private count = 0;

  constructor(readonly most = mostIds) {}

  /** Whether ids came of which it cannot be said whether they are there twice. */
  get isFull(): boolean {
    return this.count >= this.most;
  }

  /** @param row from 1 @returns the row that had the id before, or null */
  add(id: string, row: number): number | null {
    const bytes = hash('sha256', id, 'buffer');
    const digest = Uint32Array.from({ length: words }, (_, word) => bytes.readUInt32LE(4 * word));
    const place = this.placeOf(digest);
    if (this.rows[place]! > 0) return this.rows[place]!;
    if (this.isFull) return null;
    this.digests.set(digest, place * words);
    this.rows[place] = row;
    if (++this.count * 2 > this.room) this.grow();
    return null;
  }

  /** Where a digest is, or else belongs. */
  private placeOf(digest: Uint32Array): number {
    for (let place = digest[0]! % this.room; ; place = (place + 1) % this.room) {
      if (this.rows[place] === 0) return place;
      const at = place * words;
      if (digest.every((word, index) => this.digests[at + index] === word)) return place;
    }
  }

  private grow(): void {
    const { digests, rows } = this;
    this.room *= 2;
    this.digests = new Uint32Array(this.room * words);
    this.rows = new Uint32Array(this.room);
    for (const [place, row] of rows.entries()) {
      if (row === 0) continue;
      const digest = digests.subarray(place * words, (place + 1) * words);
      const to = this.placeOf(digest);
      this.digests.set(digest, to * words);
      this.rows[to] = row;
    }
  }
}
