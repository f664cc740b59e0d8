import { createHash } from 'node:crypto';
import type { Texts } from '../column-file/reader.js';
import { groupsByFirstRow, type RowGroups } from '../row-groups.js';
import { DisjointSets } from '../disjoint-sets.js';
import { HashBuckets } from './hash-buckets.js';
import { NearDuplicates } from './near-duplicates.js';
import { normalised } from './normalised.js';

/** What counts as the same text: equal once normalised, or nearly so, too. */
export type Likeness = 'duplicates' | 'near-duplicates';

/**
 * Groups of rows with the same text, of one table or of several one after the other: the rows of the second
 * follow those of the first. An empty text is the same as no other.
 *
 * Near duplicates are texts with a Jaccard similarity of `leastSimilarity` or more, each pair of them found with
 * high probability and none that is less alike; and what is near a duplicate is in its group, so that two of a
 * group may be less alike than that. Time and memory grow with the texts, whatever they are; the same texts give
 * the same groups.
 */
export function duplicateGroups(tables: readonly Texts[], likeness: Likeness): RowGroups {
  const rows = tables.reduce((sum, { length }) => sum + length, 0);
  const sets = new DisjointSets(rows);
  const same = new SameTexts(rows);
  const near = likeness === 'duplicates' ? undefined : new NearDuplicates(rows, sets, textsAt(tables));
  let row = 0;
  for (const table of tables) {
    for (const texts of table.lists()) {
      for (const text of texts) {
        const plain = normalised(text);
        if (plain !== '') {
          const first = same.firstOf(plain, row);
          if (first !== row) sets.union(first, row);
          else near?.append(plain, row);
        }
        row++;
      }
    }
  }
  return groupsByFirstRow(sets.leasts());
}

/** The first row of each text, by 128 bits of its SHA-256. */
class SameTexts {
  private readonly digests: Uint32Array;
  private readonly firstWords: Uint32Array;
  private readonly buckets: HashBuckets;
  private readonly found: number[] = [];

  constructor(rows: number) {
    this.digests = new Uint32Array(rows * words);
    this.firstWords = new Uint32Array(rows);
    this.buckets = new HashBuckets(rows, this.firstWords);
  }

  /** The row itself, where its text was not there before. */
  firstOf(text: string, row: number): number {
    const digest = createHash('sha256').update(text).digest();
    for (let word = 0; word < words; word++) this.digests[row * words + word] = digest.readUInt32LE(4 * word);
    const hash = (this.firstWords[row] = this.digests[row * words]!);
    this.buckets.read(hash, this.found);
    const first = this.found.find((other) => this.isSame(other, row));
    if (first === undefined) this.buckets.add(row);
    return first ?? row;
  }

  private isSame(one: number, other: number): boolean {
    for (let word = 0; word < words; word++) {
      if (this.digests[one * words + word] !== this.digests[other * words + word]) return false;
    }
    return true;
  }
}

const words = 4;

/** Reads the normalised text of a row of several tables. */
function textsAt(tables: readonly Texts[]): (row: number) => string {
  return (row) => {
    let place = row;
    for (const table of tables) {
      if (place < table.length) return normalised(table.range(place, place + 1)[0]!);
      place -= table.length;
    }
    throw new RangeError(`there is no row ${row}`);
  };
}
