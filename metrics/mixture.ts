/**
 * An ensemble is a mixture: its probabilities are Σ wₘ pₘ with weights on the simplex (none negative, their
 * sum 1). What it gives what truly happened, its likelihood, is the same mixture of its members' likelihoods,
 * for a 0/1 label (p or 1 − p) as for one class of several (its p). So weights are found on likelihoods
 * alone: one array per member, one entry per observation, in the same order, without NaN.
 *
 * The loss is the mean of −log of the mixture's likelihood: the log loss of the ensemble. It is convex in the
 * weights.
 */
export type Likelihoods = readonly Float32Array[];

/** Below this no likelihood counts, so that one certain mistake does not decide everything: float32's step at 1. */
const leastLikelihood = 2 ** -23;

/** A likelihood as it counts. */
export function counted(likelihood: number): number {
  return likelihood < leastLikelihood ? leastLikelihood : likelihood;
}

/** How many observations there are of each member. */
export function observationsOf(members: Likelihoods): number {
  return members[0]?.length ?? 0;
}

/** Σ wₘ pₘ of likelihoods as they count, in float64. */
export function mixedLikelihoods(members: Likelihoods, weights: Float64Array): Float64Array {
  const mixed = new Float64Array(observationsOf(members));
  members.forEach((likelihoods, member) => addScaled(mixed, likelihoods, weights[member]!));
  return mixed;
}

function addScaled(sum: Float64Array, likelihoods: Float32Array, weight: number): void {
  if (weight === 0) return;
  for (let entry = 0; entry < sum.length; entry++) sum[entry]! += weight * counted(likelihoods[entry]!);
}

/** Mean of −log of the mixture's likelihood. 0 where nothing was observed. */
export function mixtureLoss(members: Likelihoods, weights: Float64Array): number {
  return logLossOf(mixedLikelihoods(members, weights));
}

/** Factors of one logarithm: so many of the least likelihood are still far from float64's least number. */
const factors = 32;

/** Mean of −log of values, none below the least likelihood; one logarithm for many of them, as it costs most. */
export function logLossOf(values: Float64Array): number {
  let loss = 0;
  for (let start = 0; start < values.length; start += factors) {
    const end = Math.min(start + factors, values.length);
    let product = 1;
    for (let entry = start; entry < end; entry++) product *= values[entry]!;
    loss -= Math.log(product);
  }
  return values.length === 0 ? 0 : loss / values.length;
}

/**
 * The ensemble's probabilities: each row's Σ wₘ pₘ over the members that predicted it, with their weights made
 * to sum to 1 again; with equal weights where all of theirs are 0. NaN where no member predicted the row.
 *
 * Summed in float64 and given in float32, so that one member alone keeps its bits.
 *
 * @param members `[rows, width]` each; NaN where the member did not predict the row
 */
export function mixProbabilities(
  members: readonly Float32Array[],
  weights: readonly number[],
  width: number,
): Float32Array {
  const mixed = new Float32Array(members[0]?.length ?? 0).fill(NaN);
  const equal = new Array<number>(members.length).fill(1);
  for (let start = 0; start < mixed.length; start += width) {
    const row = mixed.subarray(start, start + width);
    if (!mixRow(row, members, weights, start)) mixRow(row, members, equal, start);
  }
  return mixed;
}

/** False, and nothing written, where no member that has a weight predicted the row. */
function mixRow(
  row: Float32Array,
  members: readonly Float32Array[],
  weights: readonly number[],
  start: number,
): boolean {
  const sums = new Float64Array(row.length);
  let total = 0;
  members.forEach((probabilities, member) => {
    const weight = weights[member]!;
    if (weight === 0 || !isPredicted(probabilities, start, row.length)) return;
    total += weight;
    for (let entry = 0; entry < sums.length; entry++) sums[entry]! += weight * probabilities[start + entry]!;
  });
  if (total === 0) return false;
  for (let entry = 0; entry < sums.length; entry++) row[entry] = sums[entry]! / total;
  return true;
}

function isPredicted(probabilities: Float32Array, start: number, width: number): boolean {
  for (let entry = start; entry < start + width; entry++)
    if (Number.isNaN(probabilities[entry])) return false;
  return true;
}
