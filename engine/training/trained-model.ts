import type { ModelUse } from '../../pipeline/pipeline.js';
import type { TrainingOptions } from '../../pipeline/training.js';
import { extraArrays } from '../device/cpu/extra-arrays.js';
import type { Classifier } from '../models/family.js';
import { adapted } from './adapters.js';
import { checkDraws } from './draw-check.js';
import { cutAbove } from './frozen-activations.js';
import { checkLayers } from './layer-check.js';
import type { TrainedCard } from './card-need.js';
import type { LargestBatch } from './counted-graph.js';
import { largestBatchOf, type MemoryOptions } from './memory-need.js';
import { splitWarning, textsOfPass } from './micro-batch.js';
import { optionGroups, type OptionGroups } from './option-groups.js';
import { readingOf, windowed } from '../inference/reading.js';

/** A model as the options of a training have it. */
export interface TrainedModel {
  /** With the adapters that it gets, cut above its frozen layers where these are computed once. */
  readonly classifier: Classifier;
  /** The most texts of a batch that fit the memory at once; at least the batch size where all of a batch do. */
  readonly textsAtOnce: number;
}

/** What of the options decides, besides the sizes of batches, whether they can work with a model. */
const deciding = [
  'layers',
  'cacheFrozen',
  'reinitLayers',
  'adapters',
  'averaging',
  'draws',
  'perturbation',
  'checkpointing',
] as const satisfies readonly (keyof OptionGroups)[];

type ModelOptions = Pick<OptionGroups, 'passes' | (typeof deciding)[number]>;

/**
 * What a fold does with a model before its first step: whether the options can work with it, and how many texts fit.
 *
 * @throws InputFault where an option cannot work with this model, or not even one text fits
 */
export function trainedModel(
  base: Classifier,
  options: ModelOptions,
  batch: LargestBatch,
  memory: Pick<MemoryOptions, 'vocabulary' | 'machineBytes' | 'card'> = {},
): TrainedModel {
  const { passes, layers, adapters, averaging, draws, perturbation, checkpointing } = options;
  checkLayers(base, layers, options);
  const { freezeLayers } = layers;
  const whole = adapted(base, adapters, freezeLayers);
  const classifier = options.cacheFrozen && freezeLayers !== null ? cutAbove(whole, freezeLayers) : whole;
  checkDraws(classifier, draws);
  const fittingWith = (accumulate: number): number =>
    textsOfPass(classifier, batch, passes.microBatch, {
      ...memory,
      extra: extraArrays({ averaged: isAveraged(averaging), perturbation, accumulate }).length,
      ...{ freezeLayers, draws, perturbation, checkpointing },
    });
  // What passes in parts needs room for the sums of their gradients besides.
  const isWhole = fittingWith(passes.accumulate) === batch.texts;
  return { classifier, textsAtOnce: isWhole ? passes.batchSize : fittingWith(2) };
}

/** Whether the options have an average of the weights kept. */
export function isAveraged({ ema, swa }: OptionGroups['averaging']): boolean {
  return ema !== null || swa !== null;
}

/** The options by which models are alike to `checkTraining`, or not. */
export function optionsOfModel(training: TrainingOptions): object {
  const groups = optionGroups(training);
  const { batchSize, accumulate, microBatch } = groups.passes;
  const options = Object.fromEntries(deciding.map((name) => [name, groups[name]]));
  return { sizes: { batchSize, accumulate, microBatch }, ...options };
}

/**
 * The same before there is a table: of texts as long as they may be, with the least vocabulary.
 *
 * @param machineBytes of memory @param card that it is to be trained on instead @returns warnings
 */
export function checkTraining(
  classifier: Classifier,
  model: ModelUse,
  training: TrainingOptions,
  machineBytes: number,
  card: TrainedCard | null = null,
): string[] {
  const { batchSize, microBatch } = training;
  const read = windowed(classifier, readingOf(model, classifier).windows);
  const batch = largestBatchOf(model, classifier, batchSize);
  const { textsAtOnce } = trainedModel(read, optionGroups(training), batch, {
    // What a card holds, the machine does not.
    ...(card === null ? { machineBytes } : { card }),
  });
  return microBatch === 'auto' ? splitWarning(batchSize, textsAtOnce, card) : [];
}
