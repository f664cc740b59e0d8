import type { PhiloxCounter, PhiloxKey } from './philox.js';

/**
 * Which random numbers are drawn for what. This file alone names them, so that every device draws the same.
 *
 * A draw is a uint32: lane `i mod 4` of the block of Philox4x32-10 (philox.ts) at key (k0, k1) and counter
 * (`i div 4`, c1, c2, c3), where i is its place among the draws of its purpose, of a tensor the element's place in
 * row-major order. Of a fold, the key is (seed, fold), and c3 says what the draw is for:
 *
 * | c3 | for                                        | c1                          | c2               |
 * | -- | ------------------------------------------ | --------------------------- | ---------------- |
 * | 0  | dropout                                    | batch, over all steps       | number of a site |
 * | 1  | the order of the data                      | epoch, from 0 on            | 0                |
 * | 2  | new weights                                | number of a parameter       | its kind         |
 * | 3  | dropout of the pass with perturbed weights | batch, over all steps       | number of a site |
 *
 * What a draw d becomes:
 * - dropout of probability p: 0 where d < min(round(p·2³²), 2³² − 1), else 1/(1 − p), computed in float64 and rounded
 *   to float32 (`dropThreshold`);
 * - a uniform value: d / 2³² in float64;
 * - normal values: of each pair of draws (a, b) r·cos φ and r·sin φ, with r = √(−2·ln((a + 1)/2³²)) and φ = 2π·b/2³²;
 * - an order of n rows: Fisher's and Yates's, from the last place on; a place below `bound` is d mod bound, draws from
 *   the last full multiple of it on being thrown away.
 */
const purposes = { dropout: 0, dataOrder: 1, newWeights: 2, perturbedDropout: 3 } as const;

/** The draws of a fold. */
export function foldKey(seed: number, fold: number): PhiloxKey {
  return [seed >>> 0, fold];
}

/** A pass over a batch: by the weights as they are, or by copies that are moved (optim/perturbation.ts). */
export type DropoutPass = 'plain' | 'perturbed';

/**
 * The masks of one site.
 *
 * @param batch counted over all steps, each of which may have the same number of them
 * @param site its number (nn/dropout-sites.ts)
 */
export function dropoutDraws(pass: DropoutPass, batch: number, site: number): PhiloxCounter {
  return [batch, site, pass === 'plain' ? purposes.dropout : purposes.perturbedDropout];
}

/** The order in which an epoch goes through the training rows. @param epoch 0 for the first */
export function dataOrderDraws(epoch: number): PhiloxCounter {
  return [epoch, 0, purposes.dataOrder];
}

/** Parameters of the model and adapters are numbered apart: with adapters the draws of the others stay as they are. */
const weightKinds = { model: 0, adapter: 1 } as const;

export type WeightKind = keyof typeof weightKinds;

/** A parameter that no checkpoint gives. @param parameter its number among those of its kind */
export function newWeightDraws(kind: WeightKind, parameter: number): PhiloxCounter {
  return [parameter, weightKinds[kind], purposes.newWeights];
}
