import { cutsOf } from './cuts.js';
import { thresholdAt } from './exact-thresholds.js';
import { support } from './f1.js';
import { column } from './matrix.js';
import { fBetaOfCounts, type Goal } from './objectives.js';
import { bestCut, type TunedThreshold } from './thresholds.js';

/**
 * Per label the threshold with the highest smoothed F-beta of all that there are, which resists the luck of rare
 * labels: one that is ranked badly is given to few rows rather than to very many.
 *
 * The F-beta of a label is smoothed by the counts of the labels more frequent than it, with their thresholds: its
 * share of macro F-beta, which is F-beta / k of the k-th label, and the micro F-beta of the k labels are maximised
 * together, label by label from the most frequent on. (Lin and Lin, "On the thresholding strategy for infrequent
 * labels in multi-label classification", CIKM 2023, section 4.3: micromacro-freq; as LibMultiLabel's
 * `train_thresholding`, on one set of out-of-fold rows in the place of its own cross-validation.) Of equal
 * thresholds it is the highest, and that may be one above all. Untuned for a label that never occurs.
 *
 * @param probabilities `[rows, width]`, without NaN
 * @param labels `[rows, width]`
 */
export function tuneSmoothedThresholds(
  probabilities: Float32Array,
  labels: Uint8Array,
  width: number,
  beta = 1,
): TunedThreshold[] {
  const positives = support(labels, width);
  const frequentFirst = [...positives.keys()].sort((a, b) => positives[b]! - positives[a]! || a - b);
  const tuned = new Array<TunedThreshold>(width);
  let [hits, given, actual] = [0, 0, 0];
  frequentFirst.forEach((label, place) => {
    const cuts = cutsOf(column(probabilities, width, label), column(labels, width, label));
    const goal: Goal = {
      worth: (hitsHere, givenHere, actualHere) =>
        fBetaOfCounts(beta, hitsHere, givenHere, actualHere) / (place + 1) +
        fBetaOfCounts(beta, hits + hitsHere, given + givenHere, actual + actualHere),
      ties: 'highest',
      mayBeNone: true,
    };
    const cut = bestCut(cuts, goal);
    tuned[label] = thresholdAt(cuts, cut);
    if (cut === null) return;
    hits += cuts.truePositives[cut] ?? 0;
    given += cuts.predicted[cut] ?? 0;
    actual += cuts.positives;
  });
  return tuned;
}
