import { randomStateOf, type RandomState } from './random-state.js';
import { requireEnoughRows, type DealOptions, type Split } from './stratified.js';

/**
 * Folds in which every label has its share of positive rows, whatever the combinations: iterative
 * stratification (Sechidis, Tsoumakas and Vlahavas, "On the stratification of multi-label data", 2011; order and
 * pairs of labels: Szymański and Kajdanowicz, 2017). Row for row those of
 * `MultilabelStratifiedKFold(count, shuffle=True, random_state=seed)` of the package iterative-stratification.
 *
 * @param labels 0 or 1, `[rows, width]`
 * @throws InputFault when there are more folds than rows
 */
export function multilabelKFold(labels: Uint8Array, width: number, { count, seed }: DealOptions): Split {
  const rows = labels.length / width;
  requireEnoughRows(rows, count);
  const random = randomStateOf(seed);
  const order = Int32Array.from({ length: rows }, (_, row) => row);
  random.shuffle(order);
  return { folds: new Dealer(labels, width, order, count, random).deal(), warnings: [] };
}

class Dealer {
  private readonly folds: Int32Array;
  /** How many rows a fold still wants, and how many of each label: `[labels, count]`. */
  private readonly wanted: Float64Array;
  private readonly wantedOf: Float64Array;
  /** Of the rows that have no fold yet. */
  private readonly remaining: Int32Array;

  constructor(
    private readonly labels: Uint8Array,
    private readonly width: number,
    private readonly order: Int32Array,
    private readonly count: number,
    private readonly random: RandomState,
  ) {
    this.folds = new Int32Array(order.length);
    this.remaining = new Int32Array(width);
    labels.forEach((label, at) => (this.remaining[at % width]! += label));
    const share = 1 / count;
    this.wanted = new Float64Array(count).fill(share * order.length);
    this.wantedOf = new Float64Array(width * count);
    this.remaining.forEach((rows, label) =>
      this.wantedOf.fill(share * rows, label * count, (label + 1) * count),
    );
  }

  /** Label by label, that with the fewest remaining rows first; last the rows without a label. */
  deal(): Int32Array {
    for (let label = this.rarest(); label !== null; label = this.rarest()) {
      for (const row of this.order) {
        if (this.folds[row] === 0 && this.labels[row * this.width + label] === 1) this.assign(row, label);
      }
    }
    for (const row of this.order) if (this.folds[row] === 0) this.assign(row, null);
    return this.folds;
  }

  private rarest(): number | null {
    const least = this.remaining.reduce((most, rows) => (rows > 0 ? Math.min(most, rows) : most), Infinity);
    if (least === Infinity) return null;
    return this.oneOf([...this.remaining.keys()].filter((label) => this.remaining[label] === least));
  }

  /** To the fold that wants the label most; of equal ones, that which wants most rows. */
  private assign(row: number, label: number | null): void {
    let folds = Array.from({ length: this.count }, (_, fold) => fold);
    if (label !== null)
      folds = largest(folds, this.wantedOf.subarray(label * this.count, (label + 1) * this.count));
    const fold = this.oneOf(largest(folds, this.wanted));
    this.folds[row] = fold + 1;
    this.wanted[fold]! -= 1;
    for (let other = 0; other < this.width; other++) {
      if (this.labels[row * this.width + other] === 0) continue;
      this.wantedOf[other * this.count + fold]! -= 1;
      this.remaining[other]! -= 1;
    }
  }

  /** A single one without a draw. */
  private oneOf(choices: readonly number[]): number {
    return choices[choices.length > 1 ? this.random.upTo(choices.length - 1) : 0]!;
  }
}

function largest(folds: readonly number[], wanted: Float64Array): number[] {
  if (folds.length === 1) return [...folds];
  const most = folds.reduce((greatest, fold) => Math.max(greatest, wanted[fold]!), -Infinity);
  return folds.filter((fold) => wanted[fold] === most);
}
