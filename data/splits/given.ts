import { InputFault } from '../../errors/fault.js';
import type { RowGroups } from '../row-groups.js';
import { groupsAcrossFolds } from './grouped.js';
import type { Split } from './stratified.js';

/** A column of the training table that says which rows are held out together. */
export interface GivenFolds {
  /** As the file calls them, by number from 0. */
  readonly names: readonly string[];
  readonly of: RowGroups;
}

/**
 * The folds that a column gives, numbered in the order of their names: numbers by value, all else by code unit.
 *
 * @throws InputFault where they are not as many as the pipeline says
 */
export function givenFolds({ names, of }: GivenFolds, count: number, groups: RowGroups | null): Split {
  if (names.length !== count) throw otherCount(names, count);
  const order = [...names.keys()].sort((one, other) => byValue(names[one]!, names[other]!));
  const foldOf = new Int32Array(count);
  order.forEach((name, place) => (foldOf[name] = place + 1));
  const folds = of.of.map((name) => foldOf[name]!);
  return { folds, warnings: groups === null ? [] : groupsAcrossFolds(groups, folds) };
}

/** Numbers by value, all else by code unit. */
export function byValue(one: string, other: string): number {
  const [left, right] = [Number(one), Number(other)];
  if (Number.isFinite(left) && Number.isFinite(right) && left !== right) return left - right;
  return one < other ? -1 : 1;
}

function otherCount(names: readonly string[], count: number): InputFault {
  const single = names.length === 1;
  return new InputFault({
    where: 'folds.column',
    what: single
      ? 'every row has the same fold: there is nothing to train on without it'
      : 'the column has another number of folds than `folds.count`',
    expected: String(count),
    found: String(names.length),
    remedy: single
      ? 'Name a column that tells at least two folds apart.'
      : `Set \`folds.count: ${names.length}\`, or name another column.`,
  });
}
