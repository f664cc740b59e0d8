import type { Decider } from './cross-fitted.js';
import { f1OfCounts } from './f1.js';
import { column } from './matrix.js';

const gridSize = 17;

/**
 * 0.1, 0.15 … 0.9, each the float64 nearest to its decimal. NumPy's `linspace(0.1, 0.9, 17)` differs in
 * the last bit of some, as 0.45000000000000007; no float32 lies between the two, so no decision differs.
 */
export function thresholdGrid(): Float64Array {
  return Float64Array.from({ length: gridSize }, (_, index) => (index + 2) / 20);
}

/** A label's threshold and the F1 that it reaches on the rows it was tuned on. */
export interface TunedThreshold {
  readonly threshold: number;
  readonly f1: number;
  /** False where no threshold gives an F1 above 0, as for a label that never occurs. */
  readonly tuned: boolean;
}

/** Where nothing can be tuned. */
export const untuned: TunedThreshold = { threshold: 0.5, f1: 0, tuned: false };

/**
 * F1 of one label at every threshold of `grid`, of `p >= t` in float64, `p` being a float32 widened.
 *
 * @param grid ascending
 * @param labels 0 or 1 per row
 */
export function f1ByThreshold(
  probabilities: Float32Array,
  labels: Uint8Array,
  grid: Float64Array = thresholdGrid(),
): Float64Array {
  // How many rows, and how many positive ones, reach exactly the first n thresholds.
  const rows = new Int32Array(grid.length + 1);
  const positives = new Int32Array(grid.length + 1);
  for (let row = 0; row < labels.length; row++) {
    const reached = thresholdsReached(probabilities[row]!, grid);
    rows[reached]! += 1;
    positives[reached]! += labels[row]!;
  }
  const allPositives = positives.reduce((sum, count) => sum + count, 0);
  const scores = new Float64Array(grid.length);
  let predicted = 0;
  let truePositives = 0;
  for (let index = grid.length - 1; index >= 0; index--) {
    predicted += rows[index + 1]!;
    truePositives += positives[index + 1]!;
    scores[index] = f1OfCounts(truePositives, predicted, allPositives);
  }
  return scores;
}

/** How many thresholds of an ascending grid are at most `p`; none for NaN. */
function thresholdsReached(p: number, grid: Float64Array): number {
  let reached = 0;
  while (reached < grid.length && p >= grid[reached]!) reached++;
  return reached;
}

/**
 * Per label the first threshold of the grid with the highest F1, and 0.5 where none gives an F1 above 0.
 *
 * There the reference method takes the first of the grid, 0.1, and so predicts nearly everywhere a
 * label of which nothing is known.
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
    const scores = f1ByThreshold(column(probabilities, width, label), column(labels, width, label), grid);
    const best = scores.reduce((leader, score, index) => (score > scores[leader]! ? index : leader), 0);
    const f1 = scores[best]!;
    return f1 > 0 ? { threshold: grid[best]!, f1, tuned: true } : untuned;
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
  const predictions = new Uint8Array(probabilities.length);
  for (let index = 0; index < predictions.length; index++) {
    if (probabilities[index]! >= bounds[index % bounds.length]!) predictions[index] = 1;
  }
  return predictions;
}

/** Each label by a threshold of its probability. */
export const byThresholds: Decider<readonly TunedThreshold[]> = {
  tune: tuneThresholds,
  decide: (probabilities, _width, tuned) =>
    decide(
      probabilities,
      tuned.map(({ threshold }) => threshold),
    ),
};
