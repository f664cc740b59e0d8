import type { Decider } from './cross-fitted.js';
import { cutsOf } from './cuts.js';
import { f1OfCounts } from './f1.js';
import { column } from './matrix.js';
import { decide, untuned, type TunedThreshold } from './thresholds.js';

/**
 * Per label the threshold with the highest F1 of all that there are, in O(n log n): of `p >= t` only the cuts
 * between neighbouring probabilities differ. Of equal ones it is the lowest; it lies in the middle between the
 * least probability that it takes and the next below, or 0. Untuned for a label that never occurs.
 *
 * @param probabilities `[rows, width]`, without NaN
 * @param labels `[rows, width]`
 */
export function tuneExactThresholds(
  probabilities: Float32Array,
  labels: Uint8Array,
  width: number,
): TunedThreshold[] {
  return Array.from({ length: width }, (_, label) =>
    bestCut(column(probabilities, width, label), column(labels, width, label)),
  );
}

function bestCut(probabilities: Float32Array, labels: Uint8Array): TunedThreshold {
  const { thresholds, predicted, truePositives } = cutsOf(probabilities, labels);
  const positives = truePositives.at(-1) ?? 0;
  let [best, f1] = [0, 0];
  for (let cut = 0; cut < thresholds.length; cut++) {
    const score = f1OfCounts(truePositives[cut]!, predicted[cut]!, positives);
    if (score > 0 && score >= f1) [best, f1] = [cut, score];
  }
  return f1 > 0
    ? { threshold: between(thresholds[best + 1] ?? 0, thresholds[best]!), f1, tuned: true }
    : untuned;
}

/** A float32 above the one and at most the other: decisions are made in float32. */
function between(below: number, least: number): number {
  const middle = Math.fround((below + least) / 2);
  return middle > below ? middle : least;
}

/** Each label by the best of all thresholds of its probability. */
export const byExactThresholds: Decider<readonly TunedThreshold[]> = {
  tune: tuneExactThresholds,
  decide: (probabilities, _width, tuned) =>
    decide(
      probabilities,
      tuned.map(({ threshold }) => threshold),
    ),
};
