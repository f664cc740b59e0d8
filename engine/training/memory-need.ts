import { InputFault } from '../../errors/fault.js';
import type { ModelUse } from '../../pipeline/pipeline.js';
import { bytesOf } from '../device/cpu/parameter-memory.js';
import { rowScratchOf } from '../device/cpu/row-gradients.js';
import { expectedOfCard } from '../device/resident/memory.js';
import { elements } from '../graph/product-operations.js';
import { longestText, readingOf } from '../inference/reading.js';
import { Arena } from '../kernels/arena.js';
import { oneDraw } from '../losses/settings.js';
import type { Classifier } from '../models/family.js';
import { cardNeeds, type TrainedCard } from './card-need.js';
import { countedGraph, sizesOf, type LargestBatch, type TrainedArrays } from './counted-graph.js';
import { gigabytes } from '../device/gigabytes.js';
import { below, mostFitting } from './most-fitting.js';

/** The largest batch that the texts of any table could make. @throws InputFault where windows would not move on */
export function largestBatchOf(model: ModelUse, classifier: Classifier, batchSize: number): LargestBatch {
  readingOf(model, classifier);
  const length = longestText(model.maxLength, classifier);
  return { texts: batchSize, length, windows: model.windows?.most ?? 1 };
}

/** What has to lie in one piece of one memory. */
export interface Piece {
  readonly name: string;
  readonly bytes: number;
}

/** A step's pieces; masks are spread over as many memories as they take, and so are parameters. */
export interface MemoryNeed {
  readonly masks: readonly Piece[];
  /** What a run computes on the way, at its most. */
  readonly activations: number;
  /** Each with its gradient and the optimizer's state, tables with room for the gradients of their rows. */
  readonly parameters: readonly Piece[];
}

/**
 * Counts what training takes of the kernels' memory, by the largest batch; the same on any machine.
 *
 * @param vocabulary rows of the word embedding; the least is 1
 */
export function memoryNeeds(
  classifier: Classifier,
  vocabulary: number,
  arrays: TrainedArrays = {},
): (batch: LargestBatch) => MemoryNeed {
  const { extra = 0, draws = oneDraw } = arrays;
  const { dropoutSites, parameters, tables, liveBytes } = countedGraph(classifier, vocabulary, arrays);
  const isTable = new Set(tables.map(({ name }) => name));
  return (batch) => {
    const sizes = sizesOf(classifier, batch, draws);
    const scratch = Arena.bytesFor(rowScratchOf(tables, sizes['tokens']!));
    return {
      activations: liveBytes(sizes),
      masks: dropoutSites.map(({ name, shape }) => ({
        name: name.replace(/^dropout:/, 'the dropout mask of '),
        bytes: Arena.bytesFor(elements(shape, sizes)),
      })),
      parameters: parameters.map((parameter) => ({
        name: parameter.name,
        bytes: bytesOf(parameter, extra) + (isTable.has(parameter.name) ? scratch : 0),
      })),
    };
  };
}

/** What there is, and what a training has besides the usual. */
export interface MemoryOptions extends TrainedArrays {
  /** Rows of the word embedding. Default 1, the least. */
  readonly vocabulary?: number;
  /** Of one piece. Default: what one memory can have. */
  readonly mostBytes?: number;
  /** Of all together. Default: as much as is wanted. */
  readonly machineBytes?: number;
  /** Where the training is on one. Null, the default: on the processor. */
  readonly card?: TrainedCard | null;
}

/** The most texts that a step can have, at most those of the batch; 0 where not even one fits. */
export function mostTextsThatFit(
  classifier: Classifier,
  batch: LargestBatch,
  options: MemoryOptions = {},
): number {
  const { vocabulary = 1, mostBytes = Arena.mostBytes, machineBytes = Infinity, card = null } = options;
  const needs = memoryNeeds(classifier, vocabulary, options);
  const fitsCard = fittingCard(classifier, card, options);
  return mostFitting(batch.texts, (texts) => {
    const pass = { ...batch, texts };
    const need = needs(pass);
    return largestPiece(need).bytes <= mostBytes && totalBytes(need) <= machineBytes && fitsCard(pass);
  });
}

/** Whether a batch is expected to fit a card that tells how much it has. */
function fittingCard(
  classifier: Classifier,
  card: TrainedCard | null,
  options: MemoryOptions,
): (batch: LargestBatch) => boolean {
  if (card === null || card.memoryBytes === null) return () => true;
  const { device, memoryBytes } = card;
  const needs = cardNeeds(classifier, card, options);
  return (batch) => expectedOfCard(device, needs(batch)) <= memoryBytes;
}

/** What a training takes in all, but for the process itself and what the runtime keeps for later. */
export function bytesOfNeed(
  classifier: Classifier,
  batch: LargestBatch,
  { vocabulary = 1, ...arrays }: TrainedArrays & { readonly vocabulary?: number } = {},
): number {
  return totalBytes(memoryNeeds(classifier, vocabulary, arrays)(batch));
}

function totalBytes({ activations, masks, parameters }: MemoryNeed): number {
  return [...masks, ...parameters].reduce((sum, { bytes }) => sum + bytes, activations);
}

/**
 * Refuses a training whose largest step could not be had, before it starts: what is split over memories
 * still consists of pieces.
 *
 * @throws InputFault with the numbers, and the settings that would do
 */
export function checkMemory(
  classifier: Classifier,
  batch: LargestBatch,
  {
    vocabulary = 1,
    mostBytes = Arena.mostBytes,
    setting = 'training.batchSize',
    ...arrays
  }: Omit<MemoryOptions, 'machineBytes'> & { readonly setting?: string } = {},
): void {
  const needs = memoryNeeds(classifier, vocabulary, arrays);
  const largest = largestPiece(needs(batch));
  if (largest.bytes <= mostBytes) return;
  const fits = (changed: Partial<LargestBatch>): boolean =>
    largestPiece(needs({ ...batch, ...changed })).bytes <= mostBytes;
  const texts = below(batch.texts, (value) => fits({ texts: value }));
  const length = below(batch.length, (value) => fits({ length: value }));
  const ways = [
    ...(texts > 0 ? [`${setting} to ${texts}`] : []),
    ...(length > 0 ? [`model.maxLength to ${length}`] : []),
  ];
  throw new InputFault({
    where: setting,
    what: 'a training step would not fit the memory that one piece of it can have',
    found: `${gigabytes(largest.bytes)} for ${largest.name}, with ${batch.texts === 1 ? 'one text' : `${batch.texts} texts`} of ${batch.length} tokens`,
    expected: `at most ${gigabytes(mostBytes)}`,
    remedy: ways.length === 0 ? 'Use a smaller model.' : `Lower ${ways.join(', or ')}.`,
  });
}

function largestPiece({ masks, parameters }: MemoryNeed): Piece {
  return [...masks, ...parameters].reduce((a, b) => (b.bytes > a.bytes ? b : a));
}
