import type { DisjointSets } from '../disjoint-sets.js';
import { HashBuckets } from './hash-buckets.js';
import { distinct, jaccard, shingles } from './shingles.js';
import { bandCount, writeBands } from './sketch.js';

/** Texts are near duplicates from this Jaccard similarity of their shingles on. */
export const leastSimilarity = 0.8;

/** Of the texts that agree in a band and are unlike each other, so many stand for all. */
const mostOfBucket = 4;
/** So many others is a text compared with at most: of texts that are all somewhat alike there are more. */
const mostCompared = 8;
/** Shingles of texts that others are compared with, kept in memory; twice as many at most. */
const mostKept = 16 << 20;

/**
 * Joins near duplicates as their texts come: candidates by locality-sensitive hashing of MinHash bands (Broder,
 * 1997; Leskovec, Rajaraman and Ullman, "Mining of massive datasets", chapter 3), each verified.
 */
export class NearDuplicates {
  private readonly bands: Uint32Array;
  private readonly buckets: HashBuckets;
  private readonly found: number[] = [];
  private readonly kept: KeptShingles;

  /** @param textAt the normalised text of a row that came before */
  constructor(
    rows: number,
    private readonly sets: DisjointSets,
    textAt: (row: number) => string,
  ) {
    this.bands = new Uint32Array(rows * bandCount);
    this.buckets = new HashBuckets(rows * bandCount, this.bands);
    this.kept = new KeptShingles(textAt);
  }

  /** @param text normalised; no other row has the same */
  append(text: string, row: number): void {
    const hashes = shingles(text);
    writeBands(hashes, this.bands, row * bandCount);
    let own: Uint32Array | undefined;
    const unlike = new Set<number>();
    for (let entry = row * bandCount; entry < (row + 1) * bandCount; entry++) {
      this.buckets.read(this.bands[entry]!, this.found);
      let stoodFor = this.found.length >= mostOfBucket;
      for (const candidate of this.found) {
        const other = Math.floor(candidate / bandCount);
        if (this.sets.find(other) !== this.sets.find(row)) {
          if (unlike.has(other) || unlike.size >= mostCompared) continue;
          own ??= distinct(hashes);
          if (jaccard(own, this.kept.of(other)) < leastSimilarity) {
            unlike.add(other);
            continue;
          }
          this.sets.union(other, row);
        }
        stoodFor = true;
      }
      if (!stoodFor) this.buckets.add(entry);
    }
  }
}

/** The distinct shingles of rows. Those that were asked for of late are kept, in two generations. */
class KeptShingles {
  private young = new Map<number, Uint32Array>();
  private old = new Map<number, Uint32Array>();
  /** Of the young ones. */
  private size = 0;

  constructor(private readonly textAt: (row: number) => string) {}

  of(row: number): Uint32Array {
    const known = this.young.get(row);
    if (known !== undefined) return known;
    const found = this.old.get(row) ?? distinct(shingles(this.textAt(row)));
    if (this.size + found.length > mostKept) {
      [this.old, this.young] = [this.young, new Map<number, Uint32Array>()];
      this.size = 0;
    }
    this.young.set(row, found);
    this.size += found.length;
    return found;
  }
}
