import { cutsOf, type Cuts } from './cuts.js';
import { column } from './matrix.js';
import { goalOf, type Objective } from './objectives.js';
import { bestCut, f1AtCut, untuned, type TunedThreshold } from './thresholds.js';

/**
 * Per label the best threshold of all that there are, by F1 where no other objective is given, in O(n log n): of
 * `p >= t` only the cuts between neighbouring probabilities differ. Of equal ones it is the lowest; it lies in the
 * middle between the least probability that it takes and the next below, or 0. Untuned for a label that never
 * occurs.
 *
 * @param probabilities `[rows, width]`, without NaN
 * @param labels `[rows, width]`
 * @param objectives one per label
 */
export function tuneExactThresholds(
  probabilities: Float32Array,
  labels: Uint8Array,
  width: number,
  objectives?: readonly Objective[],
): TunedThreshold[] {
  return Array.from({ length: width }, (_, label) => {
    const cuts = cutsOf(column(probabilities, width, label), column(labels, width, label));
    return thresholdAt(cuts, bestCut(cuts, goalOf(objectives?.[label] ?? 'f1')));
  });
}

/** The threshold of a cut, whose place is −1 where it is above all; of none, untuned. */
export function thresholdAt(cuts: Cuts, cut: number | null): TunedThreshold {
  if (cut === null) return untuned;
  const { thresholds } = cuts;
  const threshold = cut < 0 ? nextAbove(thresholds[0]!) : between(thresholds[cut + 1] ?? 0, thresholds[cut]!);
  return { threshold, f1: f1AtCut(cuts, cut), tuned: true };
}

/** A float32 above the one and at most the other: decisions are made in float32. */
function between(below: number, least: number): number {
  const middle = Math.fround((below + least) / 2);
  return middle > below ? middle : least;
}

/** The next float32 above one that is not negative. */
function nextAbove(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value + 0).buffer);
  bits[0]! += 1;
  return new Float32Array(bits.buffer)[0]!;
}
