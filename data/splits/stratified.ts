import { InputFault } from '../../errors/fault.js';
import { RandomState } from './random-state.js';

export interface Split {
  /** The fold of each row, 1 … K. */
  readonly folds: Int32Array;
  readonly warnings: readonly string[];
}

/** The class of each row for stratification: its labels joined, as in "10100". */
export function labelClasses(labels: readonly (readonly number[])[]): string[] {
  return labels.map((row) => row.join(''));
}

/**
 * Shuffled stratified folds, row for row those of scikit-learn's
 * `StratifiedKFold(count, shuffle=True, random_state=seed)`: classes are taken in order of
 * appearance, and each one's rows are dealt out as if the sorted rows were dealt one to each fold
 * in turn.
 *
 * @param classes the class of each row
 * @throws InputFault when there are more folds than rows, or than rows of every class
 */
export function stratifiedKFold(
  classes: readonly string[],
  { count, seed }: { count: number; seed: number },
): Split {
  const rowsByClass = groupRows(classes);
  requireEnoughRows(classes.length, rowsByClass, count);
  const random = new RandomState(seed);
  const folds = new Int32Array(classes.length);
  let dealt = 0;
  for (const rows of rowsByClass) {
    const assignment = dealOut(rows.length, dealt, count);
    dealt += rows.length;
    random.shuffle(assignment);
    rows.forEach((row, place) => (folds[row] = assignment[place]!));
  }
  return { folds, warnings: smallClassWarnings(rowsByClass, count) };
}

/** The rows of each class, classes in order of appearance. */
function groupRows(classes: readonly string[]): number[][] {
  const groups = new Map<string, number[]>();
  classes.forEach((name, row) => {
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [row]);
    else group.push(row);
  });
  return [...groups.values()];
}

/** Folds, ascending, of `size` rows dealt one to each fold in turn, after `dealt` others. */
function dealOut(size: number, dealt: number, count: number): Int32Array {
  return Int32Array.from({ length: size }, (_, place) => ((dealt + place) % count) + 1).sort();
}

function requireEnoughRows(rows: number, rowsByClass: readonly number[][], count: number): void {
  const where = 'folds.count';
  if (count > rows) {
    throw new InputFault({
      where,
      what: 'there are more folds than training rows',
      expected: `at most ${rows}, the number of training rows`,
      found: String(count),
      remedy: 'Use fewer folds or more rows.',
    });
  }
  const largest = rowsByClass.reduce((most, { length }) => Math.max(most, length), 0);
  if (count > largest) {
    throw new InputFault({
      where,
      what: 'every combination of labels has fewer training rows than there are folds',
      expected: `at most ${largest}, the rows of the most frequent combination`,
      found: String(count),
      remedy: 'Use fewer folds or more rows.',
    });
  }
}

function smallClassWarnings(rowsByClass: readonly number[][], count: number): string[] {
  const small = rowsByClass.filter(({ length }) => length < count);
  if (small.length === 0) return [];
  const combinations = `${small.length} of ${rowsByClass.length} combinations of labels`;
  const smallest = small.reduce((least, { length }) => Math.min(least, length), Infinity);
  return [
    `${combinations} occur in fewer than ${count} training rows (the rarest in ${smallest}): not every fold holds each of them.`,
  ];
}
