import { groupSizes } from '../batches/batch-sizes.js';
import { pooledInput } from '../inference/reading.js';
import { oneDraw, passesOf, type DrawSettings } from '../losses/settings.js';
import type { Classifier } from '../models/family.js';
import { allLayersAlike } from '../optim/parameter-groups.js';
import { unperturbed, type PerturbationSettings } from '../optim/perturbation.js';
import { lossScaleOf, type ComputePrecision } from '../precision/precision.js';
import { trainingGraph, type TrainingGraph } from './graphs.js';

/** A batch at its largest: so many texts, each of so many tokens. */
export interface LargestBatch {
  readonly texts: number;
  readonly length: number;
  /** Windows of a text, at most. Default 1. */
  readonly windows?: number;
}

/** What options of the training change of what there is of each parameter, and of dropout. */
export interface TrainedArrays {
  /** Arrays more than usual. Default 0. */
  readonly extra?: number;
  /** Layers that have none but their weights. Default null. */
  readonly freezeLayers?: number | null;
  /** Default: one of each. */
  readonly draws?: DrawSettings;
  /** Default: none. */
  readonly perturbation?: PerturbationSettings;
  /** Whether layers are computed again instead of kept. Default false. */
  readonly checkpointing?: boolean;
}

/** What a training is counted by: the graph of batches of one group. @param precision default float32 */
export function countedGraph(
  classifier: Classifier,
  vocabulary: number,
  arrays: TrainedArrays,
  precision: ComputePrecision = 'float32',
): TrainingGraph {
  const { freezeLayers = null, draws = oneDraw, perturbation = unperturbed, checkpointing = false } = arrays;
  return trainingGraph(classifier, {
    groups: 1,
    vocabulary,
    loss: 'binaryCrossEntropy',
    dropout: true,
    draws,
    layers: { ...allLayersAlike, freezeLayers },
    perturbation,
    checkpointing,
    precision,
    scaled: lossScaleOf(precision) !== null,
  });
}

/** The named sizes of that graph; of the relative embeddings all rows may be used. */
export function sizesOf(
  { heads, relativePositions }: Classifier,
  { texts: whole, length, windows = 1 }: LargestBatch,
  draws: DrawSettings = oneDraw,
): Readonly<Record<string, number>> {
  const texts = whole * windows * passesOf(draws);
  const tokens = texts * length;
  const buckets = relativePositions?.rows ?? 0;
  return {
    tokens,
    slots: tokens,
    texts,
    [pooledInput.rows]: texts,
    buckets,
    ...groupSizes(0, heads, texts, length),
  };
}
