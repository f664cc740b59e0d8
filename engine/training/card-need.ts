import { InputFault } from '../../errors/fault.js';
import type { Device } from '../device/device.js';
import { processor } from '../device/device.js';
import {
  deviceMemories,
  leastOfCard,
  memoryParts,
  partsOf,
  type CardName,
  type DeviceMemory,
} from '../device/resident/memory.js';
import type { Classifier } from '../models/family.js';
import { precisionOn, type PrecisionSetting } from '../precision/choice.js';
import type { ComputePrecision } from '../precision/precision.js';
import { countedGraph, sizesOf, type LargestBatch, type TrainedArrays } from './counted-graph.js';
import { gigabytes } from '../device/gigabytes.js';
import { below } from './most-fitting.js';

/** A card that folds are trained on, as far as their memory goes. Plain JSON. */
export interface TrainedCard {
  readonly device: CardName;
  /** As its driver names it; null where nobody says. */
  readonly name: string | null;
  /** Null where nobody says: then nothing is held against it. */
  readonly memoryBytes: number | null;
  /** What products are computed in there. */
  readonly precision: ComputePrecision;
}

/**
 * What is to be known of a device before a training on it; null of the processor.
 *
 * @throws InputFault where it does not train in the precision
 */
export function trainedCard(
  { name: device, card }: Pick<Device, 'name' | 'card'>,
  setting: PrecisionSetting,
): TrainedCard | null {
  const precision = precisionOn(device, setting);
  if (device === processor) return null;
  return { device, name: card?.name ?? null, memoryBytes: card?.memoryBytes ?? null, precision };
}

/** What a training is, for its memory on a card. */
export interface CardArrays extends TrainedArrays {
  /** Rows of the word embedding. Default 1, the least. */
  readonly vocabulary?: number;
}

/** Counts what training takes of a card's memory, by the largest batch. */
export function cardNeeds(
  classifier: Classifier,
  { device, precision }: Pick<TrainedCard, 'device' | 'precision'>,
  { vocabulary = 1, ...arrays }: CardArrays = {},
): (batch: LargestBatch) => DeviceMemory {
  const count = deviceMemories(device, countedGraph(classifier, vocabulary, arrays, precision), arrays.extra);
  return (batch) => count(sizesOf(classifier, batch, arrays.draws));
}

/**
 * Refuses a training whose largest step a card could not have, before it starts. What the provider may do without is
 * not held against it.
 *
 * @throws InputFault with the numbers, and the settings that would do
 */
export function checkCard(
  classifier: Classifier,
  batch: LargestBatch,
  card: TrainedCard,
  { setting, ...arrays }: CardArrays & { readonly setting: string },
): void {
  const { device, name, memoryBytes, precision } = card;
  if (memoryBytes === null) return;
  const needs = cardNeeds(classifier, card, arrays);
  const need = needs(batch);
  const least = leastOfCard(device, need);
  if (least <= memoryBytes) return;
  const fits = (changed: Partial<LargestBatch>): boolean =>
    leastOfCard(device, needs({ ...batch, ...changed })) <= memoryBytes;
  const texts = below(batch.texts, (value) => fits({ texts: value }));
  const length = below(batch.length, (value) => fits({ length: value }));
  const ways = [
    ...(texts > 0 ? [`${setting} to ${texts}`] : []),
    ...(length > 0 ? [`model.maxLength to ${length}`] : []),
  ];
  const others = [
    ...(arrays.checkpointing === true ? [] : ['set training.gradientCheckpointing: true']),
    'train on another device (--device)',
  ];
  const parts = partsOf(need).map(([part, bytes]) => `${memoryParts[part]} ${gigabytes(bytes)}`);
  const passing = batch.texts === 1 ? 'one text' : `${batch.texts} texts`;
  throw new InputFault({
    where: setting,
    what: `a training step would not fit the memory of ${device}${name === null ? '' : ` (${name})`}`,
    found: `${gigabytes(least)} for ${passing} of ${batch.length} tokens in ${precision}: ${parts.join(', ')}`,
    expected: `at most ${gigabytes(memoryBytes)}`,
    remedy: `${ways.length === 0 ? 'Use a smaller model' : `Lower ${ways.join(', or ')}`}, or ${others.join(', or ')}.`,
  });
}
