import { performance } from 'node:perf_hooks';
import type { TableFile } from '../../data/table-file.js';
import { readTextRows, type TableColumns } from '../../data/text-rows.js';
import type { ModelUse } from '../../pipeline/pipeline.js';
import type { TrainingOptions } from '../../pipeline/training.js';
import { Graph } from '../graph/graph.js';
import { matMul } from '../graph/nodes.js';
import { toOnnx } from '../graph/onnx.js';
import { passesOf } from '../losses/settings.js';
import { extraArrays } from '../device/cpu/extra-arrays.js';
import type { Classifier } from '../models/family.js';
import { openRuntime } from '../runtime/open.js';
import type { Tokenizer } from '../tokenization/tokenizer.js';
import { packBatch } from '../inference/batch.js';
import { CompactVocabulary } from '../inference/compact-vocabulary.js';
import type { Device } from '../device/device.js';
import { shapesOfTraining } from '../inference/batch-shapes.js';
import type { LargestBatch } from './counted-graph.js';
import { largestBatch } from './fold-setup.js';
import { graphBelowCut, trainingGraph } from './graphs.js';
import { bytesOfNeed } from './memory-need.js';
import { optionGroups } from './option-groups.js';
import { readingOf, sequencesOf, windowed } from '../inference/reading.js';
import { tokenize } from '../inference/tokenize.js';
import { isAveraged, trainedModel } from './trained-model.js';

/** A span that a figure is expected to lie in. */
export interface Span {
  readonly least: number;
  readonly most: number;
}

/** What one fold is expected to take, and what that is judged by. */
export interface FoldEstimate {
  readonly seconds: Span;
  /** Of memory, at its most. */
  readonly bytes: Span;
  /** Tokens of a text, on average, of those that were looked at. */
  readonly tokensPerText: number;
  /** Floating point operations a second of the product that was timed. */
  readonly operationsPerSecond: number;
}

/** What an estimate is of. */
export interface EstimatedFold {
  readonly classifier: Classifier;
  readonly tokenizer: Tokenizer;
  readonly model: ModelUse;
  readonly table: TableColumns & { readonly file: TableFile };
  /** Rows that the fold trains on, and those that judge it. */
  readonly rows: { readonly trained: number; readonly heldOut: number };
  readonly training: TrainingOptions;
  readonly threads: number;
}

/** What of it its texts are read by. */
export type SampledFold = Omit<EstimatedFold, 'threads'>;

/** Texts that are looked at, the first ones of the table. */
const sampleSize = 1_000;

/**
 * How much of the timed product's speed a whole training has: networks of small and base size on two processors
 * had between 0.3 and 0.5. A machine that does other things meanwhile has less, by as much as they take.
 */
const efficiency: Span = { least: 0.15, most: 0.6 };

/** Seconds to open the model, tokenise, compile, keep the best weights and export. */
const around: Span = { least: 2, most: 20 };

/** Bytes of the process and the runtime besides what is counted. */
const besides: Span = { least: 100e6, most: 400e6 };

/** What the runtime holds of memory, by what a step needs at once. */
const reserve: Span = { least: 0.8, most: 1.5 };

/**
 * Judges a fold by the lengths of its texts, the operations of its graph and a matrix product that is timed here.
 * Nothing is trained.
 */
export async function estimateFold(fold: EstimatedFold): Promise<FoldEstimate> {
  const { training, rows, threads } = fold;
  const options = optionGroups(training);
  const { passes, layers, draws, perturbation, averaging, checkpointing } = options;
  const { texts, vocabulary, read, largest } = await sampleOf(fold);
  const { classifier, textsAtOnce } = trainedModel(read, options, largest, { vocabulary });
  const atOnce = Math.min(textsAtOnce, passes.batchSize);
  const shape = { vocabulary, draws, layers, checkpointing };
  const graph = trainingGraph(classifier, { groups: 1, loss: 'binaryCrossEntropy', dropout: true, ...shape });
  const operationsPerText = (
    { operations }: Pick<typeof graph, 'operations'>,
    size: number,
    passes: number,
  ): number =>
    portions(texts, size).reduce((sum, batch) => {
      const passing = passes === 2 ? [...batch, ...batch] : batch;
      return sum + operations({ buckets: 0, ...packBatch(passing, classifier, 1).sizes });
    }, 0) / Math.max(1, texts.length);
  const perText = operationsPerText(graph, atOnce, passesOf(draws));
  const once = options.cacheFrozen
    ? operationsPerText(graphBelowCut(classifier, { groups: 1, vocabulary }), 1, 1)
    : 0;
  const perturbed = perturbation.fgm > 0 || perturbation.awp !== null ? 2 : 1;
  // What is judged passes forward alone, and in a training step a third of the products is forward.
  const judged = (rows.heldOut * passes.evaluations) / 3;
  const wanted =
    passes.epochs * perText * (rows.trained * perturbed + judged) + once * (rows.trained + rows.heldOut);
  const rate = await timedProduct(threads);
  const { accumulate } = passes;
  const extra = extraArrays({ accumulate, averaged: isAveraged(averaging), perturbation }).length;
  const pass = { ...largest, texts: Math.min(largest.texts, atOnce) };
  const need = bytesOfNeed(classifier, pass, { ...shape, perturbation, extra });
  return {
    seconds: {
      least: wanted / (rate * efficiency.most) + around.least,
      most: wanted / (rate * efficiency.least) + around.most,
    },
    bytes: { least: need * reserve.least + besides.least, most: need * reserve.most + besides.most },
    tokensPerText: meanLength(texts),
    operationsPerSecond: rate,
  };
}

/** The texts that an estimate looks at, and what follows from them. */
export interface Sample {
  readonly texts: readonly Int32Array[];
  /** Tokens that occur. */
  readonly vocabulary: number;
  /** The model, in windows where it reads in them. */
  readonly read: Classifier;
  /** The largest batch. */
  readonly largest: LargestBatch;
}

/** @param device what batches are filled up for */
export async function sampleOf(
  { classifier, tokenizer, model, table, training, rows }: SampledFold,
  device: Pick<Device, 'alikeRuns'> = { alikeRuns: false },
): Promise<Sample> {
  const reading = readingOf(model, classifier);
  const texts = await tokenize(tokenizer, await firstTexts(table), reading);
  const vocabulary = CompactVocabulary.of(texts).size;
  const read = windowed(classifier, reading.windows);
  const sequences = texts.map((text) => sequencesOf(text, read).map(({ length }) => length));
  const shapes = shapesOfTraining(device, read, reading.windows?.length ?? reading.longest);
  const largest = largestBatch(sequences, Math.min(training.batchSize, rows.trained), shapes);
  return { texts, vocabulary, read, largest };
}

/** Tokens of a text on average. */
export function meanLength(texts: readonly Int32Array[]): number {
  return texts.reduce((sum, { length }) => sum + length, 0) / Math.max(1, texts.length);
}

class Enough extends Error {}

async function firstTexts({ file, ...columns }: EstimatedFold['table']): Promise<string[]> {
  const texts: string[] = [];
  const append = (text: string): void => {
    texts.push(text);
    if (texts.length === sampleSize) throw new Enough();
  };
  await readTextRows(file, columns, { append }).catch((error: unknown) => {
    if (!(error instanceof Enough)) throw error;
  });
  return texts;
}

function portions<T>(values: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, i) =>
    values.slice(i * size, (i + 1) * size),
  );
}

/** Of a product as large networks have them. */
const [rows, inner, columns] = [512, 768, 768] as const;

/** Some tenths of a second of products, the first to warm up. */
const timedMs = 300;

/** Operations a second of the best of many products: of the machine as it is when nothing else runs. */
async function timedProduct(threads: number): Promise<number> {
  const runtime = openRuntime();
  const graph = new Graph();
  const a = graph.input('a', 'float32', [rows, inner]);
  const b = graph.input('b', 'float32', [inner, columns]);
  graph.output('product', matMul(graph, a, b));
  const session = await runtime.createSession(toOnnx(graph, 'product'), { threads });
  const noise = (count: number): Float32Array => Float32Array.from({ length: count }, (_, i) => Math.sin(i));
  const feeds = {
    a: runtime.tensor('float32', [rows, inner], noise(rows * inner)),
    b: runtime.tensor('float32', [inner, columns], noise(inner * columns)),
  };
  const product = runtime.tensor('float32', [rows, columns], new Float32Array(rows * columns));
  const times: number[] = [];
  const began = performance.now();
  while (performance.now() - began < timedMs || times.length < 3) {
    const start = performance.now();
    await session.run(feeds, { product });
    times.push(performance.now() - start);
  }
  session.release();
  for (const tensor of [feeds.a, feeds.b, product]) tensor.release();
  return (2 * rows * inner * columns) / (Math.min(...times) / 1000);
}
