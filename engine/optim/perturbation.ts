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
