import { bootstrapIntervals, countOutcomes, outcomesOf, type DrawRows, type Interval } from './bootstrap.js';
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
  const { kinds } = outcomes;
  const gainOf = (counts: Float64Array): number => {
    let gain = 0;
    for (let label = 0; label < width; label++) {
      gain += f1OfOutcomes(counts, label * kinds, kinds, 0) - f1OfOutcomes(counts, label * kinds, kinds, 1);
    }
    return gain / width;
  };
  const [interval] = bootstrapIntervals(outcomes, draw, (counts) => [gainOf(counts)]);
  return { macroF1: gainOf(countOutcomes(outcomes)), interval: interval! };
}
