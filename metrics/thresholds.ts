import type { Decider } from './cross-fitted.js';
import { gridCuts, type Cuts } from './cuts.js';
import { f1OfCounts } from './f1.js';
import { goalOf, type Goal, type Objective } from './objectives.js';

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
  /** False where no threshold is better than none, as for a label that never occurs. */
  readonly tuned: boolean;
}

/** Where nothing can be tuned. */
export const untuned: TunedThreshold = { threshold: 0.5, f1: 0, tuned: false };

/** Each label by a threshold of its probability. */
export interface ThresholdDecider extends Decider<readonly TunedThreshold[]> {
  /** What the thresholds are to reach, one for each label; absent where that is F1 for all. */
  readonly objectives?: readonly Objective[];
}

/** F1 of one label at every threshold of `grid`, ascending (see `gridCuts`). */
export function f1ByThreshold(
  probabilities: Float32Array,
  labels: Uint8Array,
  grid: Float64Array = thresholdGrid(),
): Float64Array {
  const [{ predicted, truePositives, positives }] = gridCuts(probabilities, labels, 1, grid) as [Cuts];
  return Float64Array.from(predicted, (given, cut) =>
    f1OfCounts(truePositives[cut]!, given, positives),
  ).reverse();
}

/**
 * The place of the best cut by a goal; null where nothing can be tuned.
 *
 * @param above whether one above every probability is among them, whose place is −1
 */
export function bestCut(
  { thresholds, predicted, truePositives, positives }: Cuts,
  { worth, ties, mayBeNone }: Goal,
  above = mayBeNone,
): number | null {
  if (positives === 0) return null;
  let [best, most] = [-1, above ? worth(0, 0, positives) : -Infinity];
  for (let cut = 0; cut < thresholds.length; cut++) {
    const here = worth(truePositives[cut]!, predicted[cut]!, positives);
    if (here > most || (here === most && ties === 'lowest')) [best, most] = [cut, here];
  }
  return mayBeNone || (truePositives[best] ?? 0) > 0 ? best : null;
}

/** The F1 that a cut reaches; 0 where none is taken. */
export function f1AtCut({ predicted, truePositives, positives }: Cuts, cut: number): number {
  return cut < 0 ? 0 : f1OfCounts(truePositives[cut]!, predicted[cut]!, positives);
}

/**
 * Per label the best threshold of the grid, by F1 where no other objective is given: of equal ones the first,
 * and 0.5 where none finds a row of the label.
 *
 * There the reference method takes the first of the grid, 0.1, and so predicts nearly everywhere a
 * label of which nothing is known.
 *
 * @param probabilities `[rows, width]`, without NaN
 * @param labels `[rows, width]`
 * @param objectives one per label
 */
export function tuneThresholds(
  probabilities: Float32Array,
  labels: Uint8Array,
  width: number,
  objectives?: readonly Objective[],
): TunedThreshold[] {
  return gridCuts(probabilities, labels, width, thresholdGrid()).map((cuts, label) => {
    const cut = bestCut(cuts, goalOf(objectives?.[label] ?? 'f1'), false);
    if (cut === null) return untuned;
    return { threshold: cuts.thresholds[cut]!, f1: f1AtCut(cuts, cut), tuned: true };
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

/** Decisions by thresholds that are found so. */
export function byTuned(tune: ThresholdDecider['tune'], objectives?: readonly Objective[]): ThresholdDecider {
  return {
    tune,
    decide: (probabilities, _width, tuned) =>
      decide(
        probabilities,
        tuned.map(({ threshold }) => threshold),
      ),
    ...(objectives === undefined ? {} : { objectives }),
  };
}

/** Each label by the threshold of the grid with the highest F1. */
export const byThresholds = byTuned(tuneThresholds);
