import { column } from './matrix.js';
import { confusion, f1OfConfusion } from './f1.js';

const gridSize = 17;

/** 0.1, 0.15 … 0.9 in float64, equal bit for bit to NumPy's `linspace(0.1, 0.9, 17)`. */
export function thresholdGrid(): Float64Array {
  return Float64Array.from({ length: gridSize }, (_, index) => 0.1 + index * 0.05);
}

/** Where there are no rows to tune on. */
const untunedThreshold = 0.5;

/** A label's threshold and the F1 that it reaches on the rows it was tuned on. */
export interface TunedThreshold {
  readonly threshold: number;
  readonly f1: number;
}

/**
 * F1 of one label at every threshold of `grid`, of `p >= t` in float64, `p` being a float32 widened.
 *
 * @param labels 0 or 1 per row
 */
export function f1ByThreshold(
  probabilities: Float32Array,
  labels: Uint8Array,
  grid: Float64Array = thresholdGrid(),
): Float64Array {
  return grid.map((threshold) => {
    const predicted = Uint8Array.from(probabilities, (p) => (p >= threshold ? 1 : 0));
    return f1OfConfusion(confusion(labels, predicted));
  });
}

/**
 * Per label the first threshold of the grid with the highest F1: so 0.1 for a label that never
 * occurs, and 0.5 only where there are no rows.
 *
 * @param probabilities `[rows, width]`, without NaN
 * @param labels `[rows, width]`
 */
export function tuneThresholds(
  probabilities: Float32Array,
  labels: Uint8Array,
  width: number,
): TunedThreshold[] {
  const grid = thresholdGrid();
  return Array.from({ length: width }, (_, label) => {
    if (labels.length === 0) return { threshold: untunedThreshold, f1: 0 };
    const scores = f1ByThreshold(column(probabilities, width, label), column(labels, width, label), grid);
    const best = scores.reduce((leader, score, index) => (score > scores[leader]! ? index : leader), 0);
    return { threshold: grid[best]!, f1: scores[best]! };
  });
}

/**
 * Predictions `[rows, labels]` of `p >= fround(t)`: thresholds are tuned in float64 and applied in
 * the probabilities' own float32. A NaN gives 0.
 *
 * @param probabilities `[rows, labels]`
 * @param thresholds one per label
 */
export function decide(probabilities: Float32Array, thresholds: readonly number[]): Uint8Array {
  const bounds = Float32Array.from(thresholds);
  return Uint8Array.from(probabilities, (p, index) => (p >= bounds[index % bounds.length]! ? 1 : 0));
}
