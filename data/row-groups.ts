import { DisjointSets } from './disjoint-sets.js';

/** Which rows belong together: by a combination of labels, by a value of a column, or as duplicates. */
export interface RowGroups {
  /** By row; groups are numbered from 0 in order of appearance. */
  readonly of: Int32Array;
  readonly count: number;
}

/** @param first by row, the first row of its group */
export function groupsByFirstRow(first: Int32Array): RowGroups {
  const of = new Int32Array(first.length);
  let count = 0;
  for (let row = 0; row < of.length; row++) of[row] = first[row] === row ? count++ : of[first[row]!]!;
  return { of, count };
}

/** The rows group by group, each group's ascending and from its start on; the last start is where all end. */
export function rowsByGroup({ of, count }: RowGroups): { rows: Int32Array; starts: Int32Array } {
  const starts = new Int32Array(count + 1);
  for (const number of of) starts[number + 1]! += 1;
  for (let number = 0; number < count; number++) starts[number + 1]! += starts[number]!;
  const next = starts.slice();
  const rows = new Int32Array(of.length);
  of.forEach((number, row) => (rows[next[number]!++] = row));
  return { rows, starts };
}

/** How many rows each group has. */
export function sizesOf(starts: Int32Array): Int32Array {
  return Int32Array.from({ length: starts.length - 1 }, (_, number) => starts[number + 1]! - starts[number]!);
}

/** Groups of which each holds whole groups of both: rows that either puts together are together. */
export function joinedGroups(one: RowGroups, other: RowGroups): RowGroups {
  const sets = new DisjointSets(one.of.length);
  for (const { of, count } of [one, other]) {
    const first = new Int32Array(count).fill(-1);
    of.forEach((group, row) => {
      if (first[group] === -1) first[group] = row;
      else sets.union(first[group]!, row);
    });
  }
  return groupsByFirstRow(sets.leasts());
}
