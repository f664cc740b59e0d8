import { Depths } from '../nn/depths.js';
import type { Parameter } from '../nn/scope.js';
import { isPerturbed, type PerturbationSettings } from './perturbation.js';

/** What of a training depends on where a parameter lies. */
export interface LayerSettings {
  /** The learning rate of each layer as a share of that of the layer above it. */
  readonly layerDecay: number;
  /**
   * The lowest layers that keep their weights, with what lies below them: no gradient, no decay. 0: the embeddings
   * and what else all layers share; null: all is trained.
   */
  readonly freezeLayers: number | null;
}

export const allLayersAlike: LayerSettings = { layerDecay: 1, freezeLayers: null };

/** How a step treats a parameter: what it treats alike is of one group. This file alone decides it. */
export interface ParameterGroup {
  /** Whether it changes: what does not has its weights and no other array. */
  readonly trained: boolean;
  /** Whether weight decay applies. */
  readonly decay: boolean;
  /** Of the learning rate. */
  readonly rateShare: number;
  /** Whether it has a copy that is moved for a pass (perturbation.ts). */
  readonly perturbed: boolean;
}

/** Of what keeps its weights, whatever the options are. */
const frozen: ParameterGroup = { trained: false, decay: false, rateShare: 0, perturbed: false };

/** What decides the groups of a model's parameters. */
export interface GroupSettings {
  readonly layers: LayerSettings;
  readonly perturbation: PerturbationSettings;
  /** Which parameters the model has trained; all where it is absent. */
  readonly trains?: (name: string) => boolean;
  /** Name of the table that a perturbation of the embeddings moves. */
  readonly wordEmbedding: string;
}

/** The parameters in their order, each with its group. */
export function grouped<P extends Pick<Parameter, 'name' | 'depth' | 'role' | 'shape'>>(
  parameters: readonly P[],
  { layers, perturbation, trains = () => true, wordEmbedding }: GroupSettings,
): (P & { readonly group: ParameterGroup })[] {
  const depths = new Depths(parameters);
  const { layerDecay, freezeLayers } = layers;
  return parameters.map((parameter) => {
    const { name, role } = parameter;
    const level = depths.level(name);
    if (!trains(name) || (freezeLayers !== null && level <= freezeLayers))
      return { ...parameter, group: frozen };
    const group = {
      trained: true,
      decay: role === 'weight',
      rateShare: rateShare(depths.layers + 1 - level, layerDecay),
      perturbed: isPerturbed(parameter, perturbation, wordEmbedding),
    };
    return { ...parameter, group };
  });
}

/**
 * The share of the learning rate that a parameter gets where each layer gets `layerDecay` times that of the layer
 * above it (Clark et al. 2020, "ELECTRA"; Howard & Ruder 2018 call it discriminative fine-tuning). As in BEiT's
 * reference implementation the head has the whole of it, and the top layer `layerDecay` of it.
 */
function rateShare(levelsBelowHead: number, layerDecay: number): number {
  return layerDecay ** levelsBelowHead;
}

/** The same for groups whose learning rate and weight decay are the same in every step. */
export function rateKeyOf({ decay, rateShare }: ParameterGroup): string {
  return `${decay ? 'decayed' : 'undecayed'} ${rateShare}`;
}

/** Learning rate and weight decay of a group in a step. */
export function ratesOf(
  { decay, rateShare }: ParameterGroup,
  learningRate: number,
  weightDecay: number,
): { readonly learningRate: number; readonly weightDecay: number } {
  return { learningRate: learningRate * rateShare, weightDecay: decay ? weightDecay : 0 };
}

/**
 * What is left of a weight of the group that never gets a gradient, such as a row of a table that no text looks up,
 * after steps of the given learning rates (float64).
 *
 * @param averageShare by what share the average of the weights moves after a step, counted from 0; the average is
 *   what is asked for where it ever moves
 */
export function untouchedFactor(
  group: ParameterGroup,
  learningRates: Iterable<number>,
  weightDecay: number,
  averageShare: (step: number) => number | null = () => null,
): number {
  let factor = 1;
  let average: number | null = null;
  let step = 0;
  for (const rate of learningRates) {
    const rates = ratesOf(group, rate, weightDecay);
    factor *= 1 - rates.learningRate * rates.weightDecay;
    const share = averageShare(step++);
    if (share !== null) average = (1 - share) * (average ?? 1) + share * factor;
  }
  return average ?? factor;
}
