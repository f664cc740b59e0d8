import { counted, observationsOf, type Likelihoods } from './mixture.js';

const rounds = 50;

/**
 * Greedy selection with replacement (Caruana, Niculescu-Mizil, Crew and Ksikes, "Ensemble selection from
 * libraries of models", 2004): in each round the member that lowers the loss of the bag the most is added
 * once more, the first of equals; the bag of the best round counts. A member's weight is its share of it.
 */
export function greedyWeights(members: Likelihoods): Float64Array {
  const sum = new Float64Array(observationsOf(members));
  const counts = new Float64Array(members.length);
  let best = { loss: Infinity, size: 1, counts: counts.slice() };
  for (let size = 1; size <= rounds; size++) {
    const losses = members.map((likelihoods) => sumLoss(sum, likelihoods) + Math.log(size));
    const loss = Math.min(...losses);
    const chosen = losses.indexOf(loss);
    counts[chosen]! += 1;
    members[chosen]!.forEach((likelihood, entry) => (sum[entry]! += counted(likelihood)));
    if (loss < best.loss) best = { loss, size, counts: counts.slice() };
  }
  return best.counts.map((count) => count / best.size);
}

/** Factors of each of the four products of one logarithm. */
const factors = 8;

/**
 * Mean of −log of a sum of likelihoods and one more: the loss of a bag, but for the logarithm of its size.
 * Most time goes by here: one logarithm for many factors, and products side by side, as one alone would wait
 * for each multiplication.
 */
function sumLoss(sum: Float64Array, likelihoods: Float32Array): number {
  const end = sum.length - (sum.length % (4 * factors));
  let loss = 0;
  for (let start = 0; start < end; start += 4 * factors) {
    let first = 1;
    let second = 1;
    let third = 1;
    let fourth = 1;
    for (let entry = start; entry < start + 4 * factors; entry += 4) {
      first *= sum[entry]! + counted(likelihoods[entry]!);
      second *= sum[entry + 1]! + counted(likelihoods[entry + 1]!);
      third *= sum[entry + 2]! + counted(likelihoods[entry + 2]!);
      fourth *= sum[entry + 3]! + counted(likelihoods[entry + 3]!);
    }
    loss -= Math.log(first * second * (third * fourth));
  }
  for (let entry = end; entry < sum.length; entry++) {
    loss -= Math.log(sum[entry]! + counted(likelihoods[entry]!));
  }
  return loss / sum.length;
}
