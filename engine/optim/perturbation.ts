import type { ParameterMemory } from './parameter-memory.js';

/** Weights are moved to where the loss is larger, and the gradients there teach the step, too. */
export interface PerturbationSettings {
  /**
   * ε of the fast gradient method on the word embeddings (Miyato, Dai & Goodfellow 2017, eq. 8; on the table of the
   * embeddings, as it is used for fine-tuning): its gradients join those of the weights as they are. 0: none.
   */
  readonly fgm: number;
  /** Null: none. */
  readonly awp: AwpSettings | null;
}

/**
 * Adversarial weight perturbation (Wu, Xia & Wang 2020, eq. 10: each matrix by a share of its own norm), its entries
 * bounded, too, as it is used for fine-tuning. Its gradients take the place of those of the weights as they are.
 */
export interface AwpSettings {
  /** How far each matrix is moved, of its norm. */
  readonly rate: number;
  /** How far each of its entries is moved at most, of itself. */
  readonly epsilon: number;
  /** The first epoch of which the steps are so, from 1 on. */
  readonly from: number;
}

export const unperturbed: PerturbationSettings = { fgm: 0, awp: null };

/** Whether a parameter that is trained has a perturbed copy: the word embedding, or each matrix. */
export function isPerturbed(
  { name, shape }: { readonly name: string; readonly shape: readonly number[] },
  { fgm, awp }: PerturbationSettings,
  wordEmbedding: string,
): boolean {
  return awp !== null ? shape.length > 1 : fgm > 0 && name === wordEmbedding;
}

/** Whether the gradients of the perturbed weights are added to the others. */
export function joinsGradients({ fgm }: PerturbationSettings): boolean {
  return fgm > 0;
}

/**
 * Makes the perturbed copies from weights and gradients, which stay as they are:
 * w + ε·g/‖g‖, or w + r, no entry of r beyond ±ε·|w|, with r = rate·‖w‖·g/‖g‖.
 */
export function perturb(
  memory: ParameterMemory,
  names: Iterable<string>,
  { fgm, awp }: PerturbationSettings,
): void {
  for (const name of names) {
    const { kernels, weights, gradients, perturbed } = memory.of(name);
    if (perturbed === undefined)
      throw new RangeError(`the parameter memory has no perturbed copy of '${name}'`);
    const norm = (view: Float32Array): number => Math.sqrt(kernels.sumOfSquares(view));
    const steepness = norm(gradients);
    const length = awp === null ? fgm : awp.rate * norm(weights);
    perturbed.set(gradients);
    kernels.scale(perturbed, steepness === 0 ? 0 : length / steepness);
    if (awp !== null) kernels.bound(perturbed, weights, awp.epsilon);
    kernels.add(perturbed, weights);
  }
}
