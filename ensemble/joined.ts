import { meanProbabilities } from '../metrics/ensemble.js';
import { mixProbabilities } from '../metrics/mixture.js';
import { tasks } from '../tasks/index.js';
import type { EnsembleDefinition } from './definition.js';

/** What an ensemble says of some texts. */
export interface Scored {
  /** `[texts, labels]`, calibrated where the ensemble calibrates. */
  readonly probabilities: Float32Array;
  /** `[texts, labels]`, 0 or 1. */
  readonly decisions: Uint8Array;
}

/** What of an ensemble is left once its models have scored: their number by member, and what was tuned. */
export type Joining = Pick<EnsembleDefinition, 'task' | 'labels' | 'thresholds' | 'calibrators'> & {
  readonly members: readonly { readonly weight: number; readonly models: { readonly length: number } }[];
};

/**
 * The mean of the models' probabilities, of several members the weighted sum of their means, calibrated where the
 * ensemble calibrates, and what is decided by them.
 *
 * @param scored of each model `[texts, labels]`, member by member
 */
export function join(
  { task, labels, thresholds, calibrators, members }: Joining,
  scored: readonly Float32Array[],
): Scored {
  const width = labels.length;
  let next = 0;
  const means = members.map(({ models }) => {
    const first = next;
    next += models.length;
    return meanProbabilities(scored.slice(first, next));
  });
  const [only] = means;
  const weights = members.map(({ weight }) => weight);
  const mean = only !== undefined && means.length === 1 ? only : mixProbabilities(means, weights, width);
  const probabilities =
    calibrators === undefined ? mean : tasks[task].calibration.apply(mean, width, calibrators);
  return { probabilities, decisions: tasks[task].decide(probabilities, width, thresholds) };
}
