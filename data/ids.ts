import { Growing, GrowingBytes } from './column-file/growing.js';

/** So many hashes that occur twice are looked into at once. */
const batch = 1 << 20;

/**
 * The ids of a table's rows as they are read: bytes and hashes rather than strings, of which a table may
 * have more than a `Map` can hold.
 */
export class IdColumn {
  private readonly text = new GrowingBytes();
  private readonly ends = new Growing((length) => new Uint32Array(length));
  private readonly hashes = new Growing((length) => new Float64Array(length));

  append(id: string): void {
    this.text.appendText(id);
    this.ends.append(this.text.length);
    this.hashes.append(hash(id));
  }

  get length(): number {
    return this.ends.length;
  }

  at(row: number): string {
    const ends = this.ends.values();
    return this.text.text(row === 0 ? 0 : ends[row - 1]!, ends[row]!);
  }

  /** A row and a later one with the same id; null where all differ. */
  repeated(): readonly [first: number, again: number] | null {
    const hashes = this.hashes.values();
    const sorted = hashes.slice().sort();
    const twice = sorted.filter((value, index) => index > 0 && value === sorted[index - 1]);
    for (let start = 0; start < twice.length; start += batch) {
      const found = this.repeatedAmong(new Set(twice.subarray(start, start + batch)), hashes);
      if (found !== null) return found;
    }
    return null;
  }

  private repeatedAmong(wanted: ReadonlySet<number>, hashes: Float64Array): [number, number] | null {
    const seen = new Map<string, number>();
    for (let row = 0; row < hashes.length; row++) {
      if (!wanted.has(hashes[row]!)) continue;
      const id = this.at(row);
      const first = seen.get(id);
      if (first !== undefined) return [first, row];
      seen.set(id, row);
    }
    return null;
  }
}

/** 53 bits of a text, in a number: two multiplicative hashes, as FNV-1a's. */
function hash(text: string): number {
  let low = 0x811c9dc5;
  let high = 0x9e3779b9;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ unit, 0x85ebca6b);
    high ^= high >>> 15;
  }
  return (high >>> 11) * 2 ** 32 + (low >>> 0);
}
