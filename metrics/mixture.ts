import type { Elements } from './matrix.js';

/**
 * An ensemble is a mixture: its probabilities are Σ wₘ pₘ with weights on the simplex (none negative, their
 * sum 1). What it gives what truly happened, its likelihood, is the same mixture of its members' likelihoods,
 * for a 0/1 label (p or 1 − p) as for one class of several (its p). So weights are found on likelihoods
 * alone: one array per member, one entry per observation, in the same order.
 *
 * The loss is the mean of −log of the mixture's likelihood: the log loss of the ensemble.
 */
export type Likelihoods = readonly Float64Array[];

/** Below this no likelihood counts, so that one certain mistake does not decide everything: float32's step at 1. */
const leastLikelihood = 2 ** -23;

/** Mean of −log of the mixture's likelihood. 0 where nothing was observed. */
export function mixtureLoss(members: Likelihoods, weights: Float64Array): number {
  const mixed = weightedSum(members, weights);
  return mixed.length === 0 ? 0 : mixed.reduce((sum, p) => sum - logOf(p), 0) / mixed.length;
}

/** Σ wₘ xₘ, entry by entry, in float64. */
export function weightedSum(members: readonly Elements[], weights: Float64Array): Float64Array {
  const sum = new Float64Array(members[0]?.length ?? 0);
  members.forEach((values, member) => {
    const weight = weights[member]!;
    if (weight > 0) for (let entry = 0; entry < sum.length; entry++) sum[entry]! += weight * values[entry]!;
  });
  return sum;
}

/** The same weight for each. */
export function equalWeights(count: number): Float64Array {
  return new Float64Array(count).fill(1 / count);
}

const rounds = 50;

/**
 * Greedy selection with replacement (Caruana, Niculescu-Mizil, Crew and Ksikes, "Ensemble selection from
 * libraries of models", 2004): in each round the member that lowers the loss of the bag the most is added
 * once more, the first of equals; the bag of the best round counts. A member's weight is its share of it.
 */
export function greedyWeights(members: Likelihoods): Float64Array {
  const observations = members[0]?.length ?? 0;
  const sum = new Float64Array(observations);
  const counts = new Float64Array(members.length);
  let best = { loss: Infinity, counts: equalWeights(members.length) };
  for (let round = 1; round <= rounds; round++) {
    const losses = members.map((likelihoods) => bagLoss(sum, likelihoods, round));
    const chosen = losses.reduce((leader, loss, member) => (loss < losses[leader]! ? member : leader), 0);
    counts[chosen]! += 1;
    members[chosen]!.forEach((p, observation) => (sum[observation]! += p));
    if (losses[chosen]! < best.loss) best = { loss: losses[chosen]!, counts: counts.slice() };
  }
  const total = best.counts.reduce((all, count) => all + count, 0);
  return best.counts.map((count) => count / total);
}

/** The loss of a bag of `size` members whose likelihoods sum to `sum` and the candidate's. */
function bagLoss(sum: Float64Array, candidate: Float64Array, size: number): number {
  let loss = 0;
  for (let observation = 0; observation < sum.length; observation++) {
    loss -= logOf((sum[observation]! + candidate[observation]!) / size);
  }
  return loss;
}

const iterations = 500;
/** Of any weight, in one iteration. */
const settled = 1e-7;

/**
 * The weights on the simplex with the lowest loss, which is convex in them, by expectation-maximisation
 * for the shares of a mixture of fixed components (Dempster, Laird and Rubin, 1977): no step lets the loss grow.
 */
export function simplexWeights(members: Likelihoods): Float64Array {
  const observations = members[0]?.length ?? 0;
  let weights = equalWeights(members.length);
  if (observations === 0) return weights;
  for (let iteration = 0; iteration < iterations; iteration++) {
    const mixed = weightedSum(members, weights);
    const next = weights.map((weight, member) => {
      let responsibility = 0;
      members[member]!.forEach((p, observation) => {
        responsibility += atLeast(p) / atLeast(mixed[observation]!);
      });
      return (weight * responsibility) / observations;
    });
    const total = next.reduce((sum, weight) => sum + weight, 0);
    const moved = next.reduce((most, weight, m) => Math.max(most, Math.abs(weight / total - weights[m]!)), 0);
    weights = next.map((weight) => weight / total);
    if (moved < settled) break;
  }
  return weights;
}

function logOf(likelihood: number): number {
  return Math.log(atLeast(likelihood));
}

function atLeast(likelihood: number): number {
  return Math.max(likelihood, leastLikelihood);
}
