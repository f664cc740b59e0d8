import type { ModelUse } from '../../pipeline/pipeline.js';
import type { TrainingOptions } from '../../pipeline/training.js';
import { extraArrays } from '../device/cpu/extra-arrays.js';
import { hasAlikeRuns } from '../device/device.js';
import { expectedOfCard, leastOfCard, type DeviceMemory } from '../device/resident/memory.js';
import { readingOf, windowed } from '../inference/reading.js';
import type { Classifier } from '../models/family.js';
import type { ComputePrecision } from '../precision/precision.js';
import { cardNeeds, type TrainedCard } from './card-need.js';
import { passesOfStep } from './course.js';
import { meanLength, sampleOf, type Sample, type SampledFold, type Span } from './fold-estimate.js';
import { largestBatchOf } from './memory-need.js';
import { optionGroups } from './option-groups.js';
import { isAveraged, trainedModel } from './trained-model.js';

/** What one fold is expected to take of a card. How long it takes there nobody knows beforehand. */
export interface CardEstimate {
  readonly precision: ComputePrecision;
  /** Texts that pass at once. */
  readonly textsAtOnce: number;
  readonly counted: DeviceMemory;
  /** Of the card's memory: what it has to have at least, and what is expected to be taken of it. */
  readonly bytes: Span;
  /** Of those that were looked at, on average; null where none were, and all are counted as long as they may be. */
  readonly tokensPerText: number | null;
}

/**
 * Counts what a fold takes of a card, by the first texts of its table.
 *
 * @throws InputFault where not even one text fits
 */
export async function estimateOnCard(fold: SampledFold, card: TrainedCard): Promise<CardEstimate> {
  const sample = await sampleOf(fold, { alikeRuns: hasAlikeRuns(card.device) });
  return { ...estimateOf(sample, fold.training, card), tokensPerText: meanLength(sample.texts) };
}

/** The same of texts as long as they may be. @param vocabulary as many tokens as there may be @throws likewise */
export function mostOnCard(
  classifier: Classifier,
  model: ModelUse,
  training: TrainingOptions,
  vocabulary: number,
  card: TrainedCard,
): CardEstimate {
  const read = windowed(classifier, readingOf(model, classifier).windows);
  const largest = largestBatchOf(model, classifier, training.batchSize);
  return { ...estimateOf({ read, largest, vocabulary }, training, card), tokensPerText: null };
}

function estimateOf(
  { read, largest, vocabulary }: Omit<Sample, 'texts'>,
  training: TrainingOptions,
  card: TrainedCard,
): Omit<CardEstimate, 'tokensPerText'> {
  const options = optionGroups(training);
  const { passes, layers, draws, perturbation, averaging, checkpointing } = options;
  const { classifier, textsAtOnce } = trainedModel(read, options, largest, { vocabulary, card });
  const accumulate = passesOfStep(passes, textsAtOnce);
  const extra = extraArrays({ accumulate, averaged: isAveraged(averaging), perturbation }).length;
  const { freezeLayers } = layers;
  const arrays = { vocabulary, extra, freezeLayers, draws, perturbation, checkpointing };
  const texts = Math.min(largest.texts, textsAtOnce);
  const counted = cardNeeds(classifier, card, arrays)({ ...largest, texts });
  const { device, precision } = card;
  const bytes = { least: leastOfCard(device, counted), most: expectedOfCard(device, counted) };
  return { precision, textsAtOnce: texts, counted, bytes };
}
