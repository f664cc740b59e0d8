import { InputFault } from '../../errors/fault.js';
import { RandomState } from './random-state.js';

export interface Split {
  /** The fold of each row, 1 … K. */
  readonly folds: Int32Array;
  readonly warnings: readonly string[];
}

/** The class of each row for stratification: its combination of labels. */
export interface LabelClasses {
  /** By row; classes are numbered from 0 in order of appearance. */
  readonly of: Int32Array;
  readonly count: number;
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
export function stratifiedKFold(
  classes: LabelClasses,
  { count, seed }: { count: number; seed: number },
): Split {
  const { rows, starts } = rowsByClass(classes);
  const sizes = Array.from({ length: classes.count }, (_, number) => starts[number + 1]! - starts[number]!);
  requireEnoughRows(rows.length, count);
  requireLargeClass(sizes, count);
  const random = new RandomState(seed);
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

/** The rows class by class, each class's ascending and from its start on. */
function rowsByClass({ of, count }: LabelClasses): { rows: Int32Array; starts: Int32Array } {
  const starts = new Int32Array(count + 1);
  for (const number of of) starts[number + 1]! += 1;
  for (let number = 0; number < count; number++) starts[number + 1]! += starts[number]!;
  const next = starts.slice();
  const rows = new Int32Array(of.length);
  of.forEach((number, row) => (rows[next[number]!++] = row));
  return { rows, starts };
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

function requireLargeClass(sizes: readonly number[], count: number): void {
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

function smallClassWarnings(sizes: readonly number[], count: number): string[] {
  const small = sizes.filter((size) => size < count);
  if (small.length === 0) return [];
  const combinations = `${small.length} of ${sizes.length} combinations of labels`;
  const smallest = small.reduce((least, size) => Math.min(least, size), Infinity);
  return [
    `${combinations} occur in fewer than ${count} training rows (the rarest in ${smallest}): not every fold holds each of them.`,
  ];
}
