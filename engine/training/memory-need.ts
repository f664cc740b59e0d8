import { InputFault } from '../../errors/fault.js';
import type { ModelUse } from '../../pipeline/pipeline.js';
import { groupSizes } from '../batches/batch-sizes.js';
import { Arena } from '../kernels/arena.js';
import { elements } from '../graph/product-operations.js';
import { oneDraw, passesOf, type DrawSettings } from '../losses/settings.js';
import type { Classifier } from '../models/family.js';
import { bytesOf } from '../device/cpu/parameter-memory.js';
import { rowScratchOf } from '../device/cpu/row-gradients.js';
import { allLayersAlike } from '../optim/parameter-groups.js';
import { unperturbed, type PerturbationSettings } from '../optim/perturbation.js';
import { trainingGraph } from './graphs.js';
import { longestText, pooledInput, readingOf } from '../inference/reading.js';

/** A batch at its largest: so many texts, each of so many tokens. */
export interface LargestBatch {
  readonly texts: number;
  readonly length: number;
  /** Windows of a text, at most. Default 1. */
  readonly windows?: number;
}

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
  const { extra = 0, freezeLayers = null, draws = oneDraw, perturbation = unperturbed } = arrays;
  const { checkpointing = false } = arrays;
  const { dropoutSites, parameters, tables, liveBytes } = trainingGraph(classifier, {
    groups: 1,
    vocabulary,
    loss: 'binaryCrossEntropy',
    dropout: true,
    draws,
    layers: { ...allLayersAlike, freezeLayers },
    perturbation,
    checkpointing,
  });
  const isTable = new Set(tables.map(({ name }) => name));
  return ({ texts, length, windows = 1 }) => {
    const batch = { texts: texts * windows * passesOf(draws), length };
    const sizes = sizesOf(classifier, batch);
    const scratch = Arena.bytesFor(rowScratchOf(tables, batch.texts * batch.length));
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

/** The named sizes of the graph; of the relative embeddings all rows may be used. */
function sizesOf({ heads, relativePositions }: Classifier, { texts, length }: LargestBatch) {
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

/** What there is, and what a training has besides the usual. */
export interface MemoryOptions extends TrainedArrays {
  /** Rows of the word embedding. Default 1, the least. */
  readonly vocabulary?: number;
  /** Of one piece. Default: what one memory can have. */
  readonly mostBytes?: number;
  /** Of all together. Default: as much as is wanted. */
  readonly machineBytes?: number;
}

/** The most texts that a step can have, at most those of the batch; 0 where not even one fits. */
export function mostTextsThatFit(
  classifier: Classifier,
  batch: LargestBatch,
  { vocabulary = 1, mostBytes = Arena.mostBytes, machineBytes = Infinity, ...arrays }: MemoryOptions = {},
): number {
  const needs = memoryNeeds(classifier, vocabulary, arrays);
  return mostFitting(batch.texts, (texts) => {
    const need = needs({ ...batch, texts });
    return largestPiece(need).bytes <= mostBytes && totalBytes(need) <= machineBytes;
  });
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

/** The largest value up to `limit` that fits; 0 where none does. */
function mostFitting(limit: number, fits: (value: number) => boolean): number {
  return fits(limit) ? limit : below(limit, fits);
}

/** The largest value below `limit` that fits; 0 where none does. */
function below(limit: number, fits: (value: number) => boolean): number {
  let [low, high] = [0, limit];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** Gigabytes in words, to two decimals. */
export function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`;
}
