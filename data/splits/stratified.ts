import { InputFault } from '../../errors/fault.js';
import { rowsByGroup, sizesOf, type RowGroups } from '../row-groups.js';
import { randomStateOf, type Seed } from './random-state.js';

export interface Split {
  /** The fold of each row, 1 … K. */
  readonly folds: Int32Array;
  readonly warnings: readonly string[];
}

/** The class of each row for stratification: its combination of labels. */
export type LabelClasses = RowGroups;

/** How many folds are dealt out, and by which draws. */
export interface DealOptions {
  readonly count: number;
  readonly seed: Seed;
}

/** A `Map` holds no more than some 16 million. */
const maxClasses = 10_000_000;

/**
 * @param labels 0 or 1, `[rows, width]`
 * @throws InputFault for more combinations than can be told apart
 */
export function labelClasses(labels: Uint8Array, width: number): LabelClasses {
  const bytes = Buffer.from(labels.buffer, labels.byteOffset, labels.byteLength);
  const numbers = new Map<string, number>();
  const of = new Int32Array(labels.length / width);
  for (let row = 0; row < of.length; row++) {
    const combination = bytes.toString('latin1', row * width, (row + 1) * width);
    let number = numbers.get(combination);
    if (number === undefined) {
      if (numbers.size === maxClasses) throw tooManyClasses();
      numbers.set(combination, (number = numbers.size));
    }
    of[row] = number;
  }
  return { of, count: numbers.size };
}

/**
 * Shuffled stratified folds, row for row those of scikit-learn's
 * `StratifiedKFold(count, shuffle=True, random_state=seed)`: classes are taken in order of
 * appearance, and each one's rows are dealt out as if the sorted rows were dealt one to each fold
 * in turn.
 *
 * @throws InputFault when there are more folds than rows, or than rows of every class
 */
export function stratifiedKFold(classes: LabelClasses, { count, seed }: DealOptions): Split {
  const { rows, starts } = rowsByGroup(classes);
  const sizes = sizesOf(starts);
  requireEnoughRows(rows.length, count);
  requireLargeClass(sizes, count);
  const random = randomStateOf(seed);
  const folds = new Int32Array(rows.length);
  // Rows dealt out before a class are those of the classes before it.
  sizes.forEach((size, number) => {
    const start = starts[number]!;
    const assignment = dealOut(size, start, count);
    random.shuffle(assignment);
    for (let place = 0; place < size; place++) folds[rows[start + place]!] = assignment[place]!;
  });
  return { folds, warnings: smallClassWarnings(sizes, count) };
}

/** Folds, ascending, of `size` rows dealt one to each fold in turn, after `dealt` others. */
function dealOut(size: number, dealt: number, count: number): Int32Array {
  return Int32Array.from({ length: size }, (_, place) => ((dealt + place) % count) + 1).sort();
}

const where = 'folds.count';

/** @throws InputFault when there are more folds than rows */
export function requireEnoughRows(rows: number, count: number): void {
  if (count <= rows) return;
  throw new InputFault({
    where,
    what: 'there are more folds than training rows',
    expected: `at most ${rows}, the number of training rows`,
    found: String(count),
    remedy: 'Use fewer folds or more rows.',
  });
}

/** @throws InputFault where no class has a row for every fold */
export function requireLargeClass(sizes: Int32Array, count: number): void {
  const largest = sizes.reduce((most, size) => Math.max(most, size), 0);
  if (count <= largest) return;
  const random = 'Set `folds.strategy: random`, which does not look at the labels';
  const unique = largest === 1;
  throw new InputFault({
    where,
    what: unique
      ? 'every combination of labels occurs in one training row only: there is nothing to stratify by'
      : 'every combination of labels has fewer training rows than there are folds',
    ...(unique ? {} : { expected: `at most ${largest}, the rows of the most frequent combination` }),
    found: String(count),
    remedy: unique ? `${random}.` : `Use fewer folds or more rows. Or ${random.replace('Set', 'set')}.`,
  });
}

function tooManyClasses(): InputFault {
  return new InputFault({
    where: 'folds.strategy',
    what: `there are more than ${maxClasses} combinations of labels`,
    remedy: 'Set `folds.strategy: random`.',
  });
}

export function smallClassWarnings(sizes: Int32Array, count: number): string[] {
  const small = sizes.filter((size) => size < count);
  if (small.length === 0) return [];
  const combinations = `${small.length} of ${sizes.length} combinations of labels`;
  const smallest = small.reduce((least, size) => Math.min(least, size), Infinity);
  return [
    `${combinations} occur in fewer than ${count} training rows (the rarest in ${smallest}): not every fold holds each of them.`,
  ];
}
