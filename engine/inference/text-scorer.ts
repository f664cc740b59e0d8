import { join } from 'node:path';
import type { Texts } from '../../data/column-file/reader.js';
import { taskOfProblem } from '../../tasks/index.js';
import type { Task } from '../../tasks/task.js';
import { openModelFolder } from '../checkpoint/model-folder.js';
import type { WeightReader } from '../checkpoint/weight-reader.js';
import { processor, type Device, type DeviceName } from '../device/device.js';
import { openDevice } from '../device/open.js';
import { batchTokensOn, halvedTokens } from './batch-tokens.js';
import { fewShapes } from './batch-shapes.js';
import type { ScoredModel } from './card-fit.js';
import { ofTokens } from './batching.js';
import { ClassifierRun, type ClassifierRunOptions } from './classifier-run.js';
import { constantWeights } from './constant-weights.js';
import { exportedClassifier, weightsInMemory } from './exported-classifier.js';
import { readExportedReading } from './exported-settings.js';
import { throughFloat16 } from './float16-weights.js';
import { int8Graph } from './graphs.js';
import { parametersOf } from './parameters.js';
import { requireKernels, type ExportedPrecision } from './precision.js';
import type { ComputePrecision } from '../precision/precision.js';
import { readingOf, windowed, type Reading } from './reading.js';
import { TextReaders, type TextReader } from './text-reader.js';

export interface ScorerOptions {
  /** Tokens of a text, special ones included; beyond it texts are read as the model's folder says. */
  readonly maxLength: number;
  /** Of the processor. */
  readonly threads: number;
  /** Default float32. */
  readonly precision?: ExportedPrecision;
  /** What products in float32 are computed in instead, where the device has kernels for it. Default float32. */
  readonly computedIn?: ComputePrecision | undefined;
  /** What computes. Default the processor. */
  readonly device?: DeviceName;
  /** Of a card: how often batches of as many tokens as are expected to fit are halved. Default 0. */
  readonly halvings?: number | undefined;
  /** Models that are on the device at once, this one among them. Default 1. */
  readonly models?: number;
}

/** An exported model, open to score any number of texts. */
export class TextScorer {
  private constructor(
    /** Labels, or classes. */
    readonly width: number,
    readonly reader: TextReader,
    private readonly run: ClassifierRun,
    private readonly task: Task,
    private readonly device: Device,
  ) {}

  /**
   * @param folder as it was exported
   * @param readers shared by models that are asked together
   * @throws InputFault for a folder that holds no model of ours, or one that a card has no memory for
   * @throws EnvironmentFault where the device does not start
   */
  static async open(
    folder: string,
    { maxLength, threads, precision = 'float32', device: name = processor, ...options }: ScorerOptions,
    readers = new TextReaders(),
  ): Promise<TextScorer> {
    requireKernels(precision, name);
    const { config, weights } = await openModelFolder(folder);
    const device = await openDevice(name, { threads });
    try {
      const classifier = exportedClassifier(config);
      const exported = readExportedReading(config, join(folder, 'config.json'));
      const reading = readingOf({ ...exported, maxLength }, classifier);
      const reader = await readers.of(folder, reading);
      const read = windowed(classifier, reading.windows);
      const computedIn = options.computedIn ?? 'float32';
      const { longest } = reading;
      const model = { classifier: read, longest, precision: computedIn, models: options.models ?? 1 };
      const expected = await fitting(model, device, batchTokensOn(name));
      const tokens = halvedTokens(expected, options.halvings ?? 0, name);
      const shared = {
        device,
        classifier: read,
        vocabulary: classifier.vocabulary,
        precision: computedIn,
        ...batchesOn(name, tokens, reading),
      };
      const given = precision === 'float16' ? throughFloat16(weights) : weights;
      const run = precision === 'int8' ? await int8Run(shared, given) : await float32Run(shared, given);
      await run.prepare();
      return new TextScorer(classifier.labels, reader, run, taskOfProblem(config['problem_type']), device);
    } catch (fault) {
      device.release();
      throw fault;
    } finally {
      await weights.close();
    }
  }

  /**
   * Calls do not overlap.
   *
   * @param onProgress called as texts are tokenised and scored, with how many have been scored
   * @returns probabilities `[texts, labels]`, float32, in the order given. What is scored together decides the last
   *   bits
   */
  async score(
    texts: readonly string[] | Texts,
    onProgress: (scored: number) => void = () => undefined,
  ): Promise<Float32Array> {
    return this.scoreTokens(await this.reader.tokens(texts, () => onProgress(0)), onProgress);
  }

  /** `score` of texts that this model's reader has read. */
  async scoreTokens(
    tokens: readonly Int32Array[],
    onProgress: (scored: number) => void = () => undefined,
  ): Promise<Float32Array> {
    const logits = await this.run.logits(tokens, { onBatch: onProgress });
    return this.task.activate(logits, this.width);
  }

  release(): void {
    this.run.release();
    this.device.release();
  }
}

/** Tokens of a batch that a card has memory for. Who scores on the processor does not load what counts them. */
async function fitting(model: ScoredModel, device: Device, wanted: number): Promise<number> {
  if (device.card === null) return wanted;
  const { tokensThatFit } = await import('./card-fit.js');
  return tokensThatFit(model, device, wanted);
}

/** The processor takes batches as they are: what it gave before, it gives again. */
function batchesOn(
  device: DeviceName,
  tokens: number,
  { longest, windows }: Reading,
): Pick<ClassifierRunOptions, 'batching' | 'shapes'> {
  if (device === processor) return { batching: ofTokens(tokens) };
  const shapes = fewShapes(tokens, windows?.length ?? longest);
  return { batching: ofTokens(tokens, shapes.length), shapes };
}

async function float32Run(
  options: Omit<ClassifierRunOptions, 'weights'>,
  weights: WeightReader,
): Promise<ClassifierRun> {
  const names = parametersOf(options.classifier).map(({ name }) => name);
  return new ClassifierRun({ ...options, weights: await constantWeights(weights, names) });
}

/** The weights are in the graph, and float32 is held no longer than it takes to quantise them. */
async function int8Run(
  options: Omit<ClassifierRunOptions, 'weights'>,
  weights: WeightReader,
): Promise<ClassifierRun> {
  const { classifier, vocabulary } = options;
  const constants = await weightsInMemory(weights, classifier);
  const graph = int8Graph(classifier, { groups: 1, vocabulary, constants });
  return new ClassifierRun({ ...options, graphOf: () => graph, weights: noWeights });
}

/** Of a graph that is fed none. */
function noWeights(name: string): never {
  throw new RangeError(`no parameter ${name}`);
}
