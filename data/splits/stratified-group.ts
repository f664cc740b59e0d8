import { InputFault } from '../../errors/fault.js';
import { rowsByGroup, sizesOf, type RowGroups } from '../row-groups.js';
import { ofGroups, requireEnoughGroups } from './grouped.js';
import { PairwiseSum, pairwiseSum, SparsePairwiseSum } from './pairwise-sum.js';
import { randomStateOf } from './random-state.js';
import {
  requireEnoughRows,
  requireLargeClass,
  smallClassWarnings,
  type DealOptions,
  type LabelClasses,
  type Split,
} from './stratified.js';

/**
 * Folds of whole groups in which every class has about its share: row for row those of scikit-learn's
 * `StratifiedGroupKFold(count, shuffle=True, random_state=seed)`, for groups and classes numbered in the order of
 * their appearance. Groups come in the order of how unevenly they have the classes, and each goes to the fold
 * with which the classes' shares then differ least between folds.
 *
 * @throws InputFault when there are more folds than groups, or than rows of every class
 */
export function stratifiedGroupKFold(
  classes: LabelClasses,
  groups: RowGroups,
  { count, seed }: DealOptions,
): Split {
  const sizes = sizesOf(rowsByGroup(classes).starts);
  requireEnoughRows(classes.of.length, count);
  requireLargeClass(sizes, count);
  requireEnoughGroups(groups, count);
  requireFewSteps(classes.of.length, classes.count, count);
  const order = Int32Array.from({ length: groups.count }, (_, group) => group);
  randomStateOf(seed).shuffle(order);
  const contents = contentsOf(classes, groups);
  const unevenness = unevennessOf(contents, classes.count);
  // Sorting is stable: of equal ones the shuffled order stays.
  order.sort((one, other) => unevenness[other]! - unevenness[one]!);
  const shares = new FoldShares(sizes, count);
  const foldOf = new Int32Array(groups.count);
  for (const group of order) foldOf[group] = shares.add(contents[group]!) + 1;
  return { ...ofGroups(groups, foldOf), warnings: smallClassWarnings(sizes, count) };
}

/** What a group has: its classes, and how many rows of each. */
interface Content {
  readonly classes: readonly number[];
  readonly rows: readonly number[];
}

function contentsOf(classes: LabelClasses, groups: RowGroups): Content[] {
  const { rows, starts } = rowsByGroup(groups);
  return Array.from({ length: groups.count }, (_, group) => {
    const counts = new Map<number, number>();
    for (const row of rows.subarray(starts[group], starts[group + 1])) {
      counts.set(classes.of[row]!, (counts.get(classes.of[row]!) ?? 0) + 1);
    }
    return { classes: [...counts.keys()], rows: [...counts.values()] };
  });
}

/** The standard deviation over all classes of each group's rows, as NumPy rounds it. */
function unevennessOf(contents: readonly Content[], classCount: number): Float64Array {
  const squares = new SparsePairwiseSum();
  return Float64Array.from(contents, ({ classes, rows }) => {
    const mean = rows.reduce((sum, count) => sum + count, 0) / classCount;
    const others = new Map(
      classes.map((number, place) => [number, (rows[place]! - mean) * (rows[place]! - mean)]),
    );
    return Math.sqrt(squares.sum(classCount, mean * mean, others) / classCount);
  });
}

function standardDeviation(values: Float64Array): number {
  const mean = pairwiseSum(values) / values.length;
  return Math.sqrt(pairwiseSum(values.map((value) => (value - mean) * (value - mean))) / values.length);
}

/** The rows that each fold has of each class so far. */
class FoldShares {
  /** `[folds, classes]`. */
  private readonly counts: Float64Array;
  private readonly rows: Float64Array;
  /** By class, how much its shares differ between folds. */
  private readonly deviations: Float64Array;
  private readonly sum: PairwiseSum;
  /** Of one class, by fold. */
  private readonly shares: Float64Array;

  constructor(
    private readonly sizes: Int32Array,
    private readonly count: number,
  ) {
    this.counts = new Float64Array(count * sizes.length);
    this.rows = new Float64Array(count);
    this.deviations = new Float64Array(sizes.length);
    this.sum = new PairwiseSum(this.deviations);
    this.shares = new Float64Array(count);
  }

  /** Adds a group to the fold that it fits best; of equally good ones, to that of the fewest rows. */
  add(content: Content): number {
    let [best, least, fewest] = [0, Infinity, Infinity];
    for (let fold = 0; fold < this.count; fold++) {
      this.change(fold, content, 1);
      this.measure(content);
      this.change(fold, content, -1);
      const found = this.sum.sum / this.sizes.length;
      const rows = this.rows[fold]!;
      if (found < least || (isClose(found, least) && rows < fewest))
        [best, least, fewest] = [fold, found, rows];
    }
    this.change(best, content, 1);
    this.measure(content);
    for (const rows of content.rows) this.rows[best]! += rows;
    return best;
  }

  private change(fold: number, { classes, rows }: Content, sign: number): void {
    classes.forEach((number, place) => {
      this.counts[fold * this.sizes.length + number]! += sign * rows[place]!;
    });
  }

  private measure({ classes }: Content): void {
    for (const number of classes) this.deviations[number] = this.deviation(number);
    this.sum.update(classes);
  }

  /** NumPy sums over folds one after the other, but where there is one class. */
  private deviation(number: number): number {
    const { count, sizes, counts, shares } = this;
    for (let fold = 0; fold < count; fold++)
      shares[fold] = counts[fold * sizes.length + number]! / sizes[number]!;
    if (sizes.length === 1) return standardDeviation(shares);
    let [total, squares] = [0, 0];
    for (const share of shares) total += share;
    const mean = total / count;
    for (const share of shares) squares += (share - mean) * (share - mean);
    return Math.sqrt(squares / count);
  }
}

/** As `numpy.isclose`. */
function isClose(value: number, other: number): boolean {
  return Math.abs(value - other) <= 1e-8 + 1e-5 * Math.abs(other);
}

/** Some minutes of work, and 800 MB of counts. */
const mostSteps = 2e10;
const mostCounts = 1e8;

function requireFewSteps(rows: number, classes: number, folds: number): void {
  const steps = rows * folds * (folds + Math.min(classes, 128));
  if (steps <= mostSteps && classes * folds <= mostCounts) return;
  throw new InputFault({
    where: 'folds.strategy',
    what: 'stratifying groups of so many rows and combinations of labels into so many folds would take too long',
    found: `${rows} rows, ${classes} combinations, ${folds} folds`,
    remedy: 'Set `folds.strategy: group` or `random`, which do not look at the labels, or use fewer folds.',
  });
}
