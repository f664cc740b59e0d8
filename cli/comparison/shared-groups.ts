import { DisjointSets } from '../../data/disjoint-sets.js';
import type { JudgedRun } from './judged-run.js';
import type { SharedRows } from './shared-rows.js';

/**
 * The group of each shared row; null where neither run held rows out by groups. Rows that either run held out
 * together are of one group, so that it is the same whichever run is named first.
 */
export function sharedGroups(base: JudgedRun, run: JudgedRun, rows: SharedRows): Int32Array | null {
  const grouped = [
    [base.groups, rows.base],
    [run.groups, rows.run],
  ] as const;
  if (grouped.every(([groups]) => groups === null)) return null;
  const together = new DisjointSets(rows.base.length);
  for (const [groups, places] of grouped) {
    if (groups === null) continue;
    const firsts = new Map<number, number>();
    places.forEach((place, row) => {
      const first = firsts.get(groups[place]!);
      if (first === undefined) firsts.set(groups[place]!, row);
      else together.union(first, row);
    });
  }
  return together.leasts();
}
