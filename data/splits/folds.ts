import { duplicateGroups, type Likeness } from '../duplicates/duplicate-groups.js';
import type { Texts } from '../column-file/reader.js';
import { joinedGroups, rowsByGroup, sizesOf, type RowGroups } from '../row-groups.js';
import { givenFolds, type GivenFolds } from './given.js';
import {
  fewGroupsWarnings,
  groupKFold,
  groupWarnings,
  requireFullFolds,
  shuffledGroupKFold,
} from './grouped.js';
import { multilabelKFold } from './multilabel.js';
import { RandomState } from './random-state.js';
import { shuffledKFold } from './shuffled.js';
import { stratifiedGroupKFold } from './stratified-group.js';
import { labelClasses, stratifiedKFold, type Split } from './stratified.js';

/** How rows are assigned to folds. */
export interface FoldsOptions {
  readonly count: number;
  readonly strategy: 'stratified' | 'random' | 'multilabel' | 'group' | 'stratified-group';
  readonly seed: number;
  /** Column whose equal values are kept in one fold. */
  readonly group?: string;
  /** Column that gives the folds; the strategy and the seed then say nothing. */
  readonly column?: string;
  /** Which rows with the same text are kept in one fold. */
  readonly together?: 'none' | Likeness;
  /** How often the rows are split anew. */
  readonly repeats?: number;
}

/** What is known of the rows that are dealt out. */
export interface RowsToSplit {
  /** 0 or 1, `[rows, width]`. */
  readonly labels: Uint8Array;
  readonly width: number;
  readonly groups?: RowGroups;
  readonly given?: GivenFolds;
  /** Where rows with the same text are kept together. */
  readonly texts?: Texts;
}

/** What the splits are, in numbers. */
export interface SplitFacts {
  /** How many groups of rows are kept in one fold; null where each row is by itself. */
  readonly groups: number | null;
  /** Rows whose text another row has, too, where these are kept in one fold. */
  readonly rowsTogether: number | null;
}

export interface Splits {
  /** The fold of each row, 1 … K, once per repeat. */
  readonly repeats: readonly Int32Array[];
  /** Null where each row is by itself. */
  readonly groups: RowGroups | null;
  readonly facts: SplitFacts;
  readonly warnings: readonly string[];
}

/**
 * Deals out the folds. The repeats draw one after the other from one generator, as scikit-learn's
 * `RepeatedStratifiedKFold` does, so that the first is what there is without repeats.
 *
 * @throws InputFault where the rows do not suffice
 */
export function assignFolds(rows: RowsToSplit, options: FoldsOptions): Splits {
  const alike = likeTexts(rows, options);
  const groups = joined(rows.groups, alike);
  const seed = new RandomState(options.seed);
  const deal = dealer(rows, groups, options);
  const splits = Array.from({ length: options.repeats ?? 1 }, () => deal(seed));
  for (const { folds } of splits) requireFullFolds(folds, options.count);
  const given = options.column !== undefined;
  return {
    repeats: splits.map(({ folds }) => folds),
    groups,
    facts: { groups: groups?.count ?? null, rowsTogether: alike === undefined ? null : rowsInCompany(alike) },
    warnings: [
      ...splits[0]!.warnings,
      ...(groups === null || given ? [] : groupWarnings(groups, options.count)),
      ...(groups === null ? [] : fewGroupsWarnings(groups)),
    ],
  };
}

function likeTexts({ texts }: RowsToSplit, { together = 'none' }: FoldsOptions): RowGroups | undefined {
  return together === 'none' || texts === undefined ? undefined : duplicateGroups([texts], together);
}

function joined(one: RowGroups | undefined, other: RowGroups | undefined): RowGroups | null {
  if (one === undefined || other === undefined) return one ?? other ?? null;
  return joinedGroups(one, other);
}

function rowsInCompany(groups: RowGroups): number {
  return sizesOf(rowsByGroup(groups).starts).reduce((sum, size) => sum + (size > 1 ? size : 0), 0);
}

/** Of groups the strategy that keeps them whole. What has no such strategy is refused with the pipeline's file. */
function dealer(
  { labels, width, given }: RowsToSplit,
  groups: RowGroups | null,
  { strategy, count }: FoldsOptions,
): (seed: RandomState) => Split {
  if (given !== undefined) return () => givenFolds(given, count, groups);
  if (strategy === 'multilabel') return (seed) => multilabelKFold(labels, width, { count, seed });
  if (groups !== null && strategy === 'group') return () => groupKFold(groups, count);
  if (strategy === 'random' || strategy === 'group') {
    return groups === null
      ? (seed) => shuffledKFold(labels.length / width, { count, seed })
      : (seed) => shuffledGroupKFold(groups, { count, seed });
  }
  const classes = labelClasses(labels, width);
  return groups === null
    ? (seed) => stratifiedKFold(classes, { count, seed })
    : (seed) => stratifiedGroupKFold(classes, groups, { count, seed });
}
