import { counted, logLossOf, mixedLikelihoods, type Likelihoods } from './mixture.js';
import { minimiseNonNegative } from './quadratic.js';

/** Most steps; some ten are taken. */
const mostSteps = 100;
/** No weights can lose less than those found by more than this. */
const tolerance = 1e-9;
/** Below this a weight is 0: the loss hardly knows of it, and the member need not predict. */
const leastWeight = 1e-6;

/**
 * The weights on the simplex with the lowest loss, by sequential quadratic programming (Kim, Carbonetto,
 * Stephens and Anitescu, "A fast algorithm for maximum likelihood estimation of mixture proportions using
 * sequential quadratic programming", 2020): Newton's step within w ≥ 0, halved until the loss falls enough.
 *
 * Minimised is the loss + Σ wₘ, which has its minimum where Σ wₘ = 1. Equal members get equal weights.
 */
export function simplexWeights(members: Likelihoods): Float64Array {
  let weights: Float64Array = new Float64Array(members.length).fill(1 / members.length);
  for (let step = 0; step < mostSteps; step++) {
    const mixed = mixedLikelihoods(members, weights);
    const { mean, hessian } = ratios(members, mixed);
    // A member alone would lower the loss at this rate, and as it is convex nothing can lower it by more.
    if (Math.max(...mean) - 1 <= tolerance) break;
    // ½ xᵀHx − bᵀx is the loss's second order at w, as Hw is the mean ratios.
    const target = minimiseNonNegative(
      hessian,
      mean.map((ratio) => 2 * ratio - 1),
    );
    const next = descend(members, weights, mixed, target, mean);
    if (next === null) break;
    weights = next;
  }
  const kept = weights.map((weight) => (weight < leastWeight ? 0 : weight));
  return normalised(kept);
}

/** Observations that are worked on together, so that their ratios stay in the processor's cache. */
const blockLength = 256;

/**
 * With rₘ = pₘ / Σ wₙ pₙ of each observation: the means of rₘ (the loss falls at that rate in wₘ) and of rₘ rₙ
 * (its second derivative), `[members, members]`.
 */
function ratios(members: Likelihoods, mixed: Float64Array): { mean: Float64Array; hessian: Float64Array } {
  const width = members.length;
  const mean = new Float64Array(width);
  const hessian = new Float64Array(width * width);
  const block = members.map(() => new Float64Array(blockLength));
  for (let start = 0; start < mixed.length; start += blockLength) {
    const length = Math.min(blockLength, mixed.length - start);
    for (let m = 0; m < width; m++) {
      mean[m]! += fillRatios(block[m]!, members[m]!, mixed, start, length);
      for (let n = 0; n <= m; n++) hessian[m * width + n]! += dot(block[m]!, block[n]!, length);
    }
  }
  const scale = 1 / mixed.length;
  for (let m = 0; m < width; m++) {
    for (let n = 0; n <= m; n++) {
      hessian[m * width + n]! *= scale;
      hessian[n * width + m] = hessian[m * width + n]!;
    }
  }
  return { mean: mean.map((sum) => sum * scale), hessian };
}

function fillRatios(
  target: Float64Array,
  likelihoods: Float32Array,
  mixed: Float64Array,
  start: number,
  length: number,
): number {
  let sum = 0;
  for (let entry = 0; entry < length; entry++) {
    const ratio = counted(likelihoods[start + entry]!) / mixed[start + entry]!;
    target[entry] = ratio;
    sum += ratio;
  }
  return sum;
}

/** Four sums side by side: one alone would wait for each addition. */
function dot(a: Float64Array, b: Float64Array, length: number): number {
  const whole = length - (length % 4);
  let [first, second, third, fourth] = [0, 0, 0, 0];
  for (let entry = 0; entry < whole; entry += 4) {
    first += a[entry]! * b[entry]!;
    second += a[entry + 1]! * b[entry + 1]!;
    third += a[entry + 2]! * b[entry + 2]!;
    fourth += a[entry + 3]! * b[entry + 3]!;
  }
  for (let entry = whole; entry < length; entry++) first += a[entry]! * b[entry]!;
  return first + second + (third + fourth);
}

/** The first of the points towards `target`, each half as far, that loses enough less; null where none does. */
function descend(
  members: Likelihoods,
  weights: Float64Array,
  mixed: Float64Array,
  target: Float64Array,
  mean: Float64Array,
): Float64Array | null {
  const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);
  const direction = target.map((value, member) => value - weights[member]!);
  // The derivative along the direction, of the loss + Σ wₘ.
  const slope = direction.reduce((total, value, member) => total + value * (1 - mean[member]!), 0);
  if (slope >= 0) return null;
  const towards = mixedLikelihoods(members, target);
  const before = logLossOf(mixed) + sum(weights);
  const tried = new Float64Array(mixed.length);
  for (let length = 1; length > 1e-6; length /= 2) {
    for (let entry = 0; entry < tried.length; entry++) {
      tried[entry] = mixed[entry]! + length * (towards[entry]! - mixed[entry]!);
    }
    const there = weights.map((weight, member) => weight + length * direction[member]!);
    if (logLossOf(tried) + sum(there) <= before + 1e-4 * length * slope) return normalised(there);
  }
  return null;
}

function normalised(weights: Float64Array): Float64Array {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}
