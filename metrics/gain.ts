import {
  bootstrapIntervals,
  countOutcomes,
  outcomesOf,
  type DrawRows,
  type Interval,
  type Outcomes,
} from './bootstrap.js';
import { f1OfOutcomes } from './f1.js';

/** How much one way of deciding gains over another, in macro F1. */
export interface Gain {
  readonly macroF1: number;
  readonly interval: Interval;
}

/**
 * The gain of decisions over others of the same rows, with the interval of a paired bootstrap; null where there
 * is no row.
 *
 * @param labels `[rows, width]`, 0 or 1, as are both decisions
 */
export function gainOver(
  others: Uint8Array,
  decided: Uint8Array,
  labels: Uint8Array,
  width: number,
  draw: DrawRows,
): Gain | null {
  if (labels.length === 0) return null;
  const outcomes = outcomesOf(labels, [decided, others], width, draw);
  const gainOf = (counts: Float64Array): number => gainsOf(outcomes, counts).at(-1)!;
  const [interval] = bootstrapIntervals(outcomes, draw, (counts) => [gainOf(counts)]);
  return { macroF1: gainOf(countOutcomes(outcomes)), interval: interval! };
}

/** What the first of two decisions gains over the other in the F1 of each label, and at last in macro F1. */
export function gainsOf({ width, kinds }: Outcomes, counts: Float64Array): Float64Array {
  const gains = new Float64Array(width + 1);
  let sum = 0;
  for (let label = 0; label < width; label++) {
    gains[label] =
      f1OfOutcomes(counts, label * kinds, kinds, 0) - f1OfOutcomes(counts, label * kinds, kinds, 1);
    sum += gains[label]!;
  }
  gains[width] = sum / width;
  return gains;
}

/**
 * The interval that is due to a gain of decisions which are learnt on the rows of other folds: √2 as wide.
 *
 * Each pair of rows of different folds counts twice, as each is judged by what was learnt on the other. Where
 * what is learnt is nothing but luck, that doubles the variance, of which a bootstrap of the decisions knows
 * nothing; where it is settled, the interval is wider than it need be (of cross-validation in general: Nadeau
 * and Bengio, "Inference for the generalization error", 2003).
 */
export function ofLearntDecisions(gain: number, [from, to]: Interval): Interval {
  const widened = (bound: number): number => gain + Math.SQRT2 * (bound - gain);
  return [widened(from), widened(to)];
}
