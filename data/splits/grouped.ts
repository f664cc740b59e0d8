import { InputFault } from '../../errors/fault.js';
import { rowsByGroup, sizesOf, type RowGroups } from '../row-groups.js';
import { shuffledKFold } from './shuffled.js';
import type { DealOptions, Split } from './stratified.js';

/**
 * Folds of whole groups, as equal in rows as they come when the largest group is given to the smallest fold
 * again and again: row for row those of scikit-learn's `GroupKFold(count)`, for groups numbered in the order of
 * their appearance. Nothing is drawn.
 *
 * @throws InputFault when there are more folds than groups
 */
export function groupKFold(groups: RowGroups, count: number): Split {
  requireEnoughGroups(groups, count);
  const sizes = sizesOf(rowsByGroup(groups).starts);
  // Of equal ones the last first, as a stable sort that is read from its end.
  const order = Int32Array.from(sizes.keys()).sort(
    (one, other) => sizes[other]! - sizes[one]! || other - one,
  );
  const rows = new Float64Array(count);
  const foldOf = new Int32Array(groups.count);
  for (const group of order) {
    const smallest = rows.indexOf(Math.min(...rows));
    rows[smallest]! += sizes[group]!;
    foldOf[group] = smallest + 1;
  }
  return ofGroups(groups, foldOf);
}

/**
 * Folds of as many whole groups each, shuffled, whatever their sizes: row for row those of scikit-learn's
 * `GroupKFold(count, shuffle=True, random_state=seed)`, for groups numbered in the order of their appearance.
 *
 * @throws InputFault when there are more folds than groups
 */
export function shuffledGroupKFold(groups: RowGroups, options: DealOptions): Split {
  requireEnoughGroups(groups, options.count);
  return ofGroups(groups, shuffledKFold(groups.count, options).folds);
}

/** @param foldOf the fold of each group */
export function ofGroups({ of }: RowGroups, foldOf: Int32Array): Split {
  return { folds: of.map((group) => foldOf[group]!), warnings: [] };
}

/** @throws InputFault when there are more folds than groups */
export function requireEnoughGroups({ count: groups }: RowGroups, count: number): void {
  if (count <= groups) return;
  throw new InputFault({
    where: 'folds.count',
    what: 'there are more folds than groups of rows that are kept together',
    expected: `at most ${groups}, the number of groups`,
    found: String(count),
    remedy: 'Use fewer folds, or a column of more groups.',
  });
}

/** A group that is larger than a fold would be makes folds of unequal size. */
export function groupWarnings(groups: RowGroups, count: number): string[] {
  const rows = groups.of.length;
  const largest = sizesOf(rowsByGroup(groups).starts).reduce((most, size) => Math.max(most, size), 0);
  if (largest * count <= rows) return [];
  return [
    `The largest of ${groups.count} groups has ${largest} of ${rows} training rows, more than one of ${count} folds: they are of unequal size.`,
  ];
}

/** Of fewer groups than this a percentile interval is clearly too narrow. */
const enoughGroups = 20;

/** Intervals are of other groups: of a few little is known. */
export function fewGroupsWarnings({ count }: RowGroups): string[] {
  if (count >= enoughGroups) return [];
  return [`There are ${count} groups only: the intervals of the scores are narrower than they should be.`];
}

/** @throws InputFault where a fold holds no row */
export function requireFullFolds(folds: Int32Array, count: number): void {
  const filled = new Set(folds).size;
  if (filled === count) return;
  throw new InputFault({
    where: 'folds.count',
    what: 'not every fold gets a row',
    expected: `at most ${filled}`,
    found: String(count),
    remedy: 'Use fewer folds, or another strategy.',
  });
}

/** Rows of one group on both sides of a split flatter the score. */
export function groupsAcrossFolds({ of, count }: RowGroups, folds: Int32Array): string[] {
  const foldOf = new Int32Array(count);
  const torn = new Set<number>();
  of.forEach((group, row) => {
    if (foldOf[group] === 0) foldOf[group] = folds[row]!;
    else if (foldOf[group] !== folds[row]) torn.add(group);
  });
  if (torn.size === 0) return [];
  return [
    `${torn.size} of ${count} groups have rows in several of the given folds: what is learnt of a group flatters the score of its other rows.`,
  ];
}
