import { greedyWeights } from './greedy.js';
import { observationsOf, type Likelihoods } from './mixture.js';
import { simplexWeights } from './simplex.js';

/** How the weights of an ensemble's members are found. */
export type EnsembleMethod = 'mean' | 'greedy' | 'simplex';

/** Weights on the simplex, one per member, from what the members gave what truly happened. */
export type Weigh = (members: Likelihoods) => Float64Array;

/** Every method by its name. With one member, or where nothing was observed, weights are equal. */
export const ensembleMethods: Readonly<Record<EnsembleMethod, Weigh>> = {
  mean: equalWeights,
  greedy: whereObserved(greedyWeights),
  simplex: whereObserved(simplexWeights),
};

function equalWeights({ length }: Likelihoods): Float64Array {
  return new Float64Array(length).fill(1 / length);
}

function whereObserved(weigh: Weigh): Weigh {
  return (members) =>
    members.length === 1 || observationsOf(members) === 0 ? equalWeights(members) : weigh(members);
}
