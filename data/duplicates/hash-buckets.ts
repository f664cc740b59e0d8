/** No slot holds this. */
const none = -1;

/**
 * Entries (numbers from 0) by a 32-bit hash of each: open addressing in one array, as a `Map` neither holds so
 * many nor is as small.
 */
export class HashBuckets {
  private readonly slots: Int32Array;
  private readonly mask: number;

  /** @param most how many entries may be added @param hashes by entry; an entry's is there before it is added */
  constructor(
    most: number,
    private readonly hashes: Uint32Array,
  ) {
    const size = 2 ** Math.ceil(Math.log2(Math.max(most, 1) * 1.5));
    this.slots = new Int32Array(size).fill(none);
    this.mask = size - 1;
  }

  /** The entries of a hash in the order of their coming, written over `found`. */
  read(hash: number, found: number[]): void {
    found.length = 0;
    for (let slot = this.first(hash); this.slots[slot] !== none; slot = (slot + 1) & this.mask) {
      const entry = this.slots[slot]!;
      if (this.hashes[entry] === hash) found.push(entry);
    }
  }

  add(entry: number): void {
    let slot = this.first(this.hashes[entry]!);
    while (this.slots[slot] !== none) slot = (slot + 1) & this.mask;
    this.slots[slot] = entry;
  }

  private first(hash: number): number {
    return (Math.imul(hash, 0x9e3779b1) >>> 7) & this.mask;
  }
}
