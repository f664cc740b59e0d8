import { join } from 'node:path';
import { heldOutBy, openTrainingTable, type TrainingTable } from '../../data/prepared-table.js';
import { tasks } from '../../tasks/index.js';
import { PinnedFiles } from '../checkpoint/pinned-files.js';
import type { Device } from '../device/device.js';
import { processor } from '../device/device.js';
import { openDevice } from '../device/open.js';
import type { Around } from '../device/sessions.js';
import type { PhiloxKey } from '../kernels/philox.js';
import { foldKey } from '../kernels/random-draws.js';
import { Depths } from '../nn/depths.js';
import { newAdapters } from './adapters.js';
import { shapesOfTraining, type BatchShapes } from '../inference/batch-shapes.js';
import { ClassifierRun } from '../inference/classifier-run.js';
import { classWeightsOf } from './class-weights.js';
import { CompactVocabulary } from '../inference/compact-vocabulary.js';
import { FrozenActivations } from './frozen-activations.js';
import type { FoldJob } from './job.js';
import type { ModelSource } from './model-source.js';
import { openModelSource } from './model-source.js';
import { passesOfStep } from './course.js';
import { readPosition } from './fold-state.js';
import { trainedCard, type TrainedCard } from './card-need.js';
import type { LargestBatch } from './counted-graph.js';
import { optionGroups } from './option-groups.js';
import type { Pace } from './pace.js';
import { precisionOn } from '../precision/choice.js';
import type { ComputePrecision } from '../precision/precision.js';
import { engineSignature, signatureIn } from './signature.js';
import { pseudoRows, pseudoWarnings } from './pseudo-labels.js';
import type { Value } from '../runtime/runtime.js';
import { readingOf, sequencesOf, windowed } from '../inference/reading.js';
import { tokenize } from '../inference/tokenize.js';
import type { Stopwatch } from './stopwatch.js';
import { isAveraged, trainedModel } from './trained-model.js';
import { Trainer } from './trainer.js';

/** Rows of the training table, tokenised. */
export interface TokenizedRows {
  /** Row numbers of the table, ascending; rows that join the training set have numbers beyond. */
  readonly rows: readonly number[];
  /** Compact token ids. */
  readonly texts: readonly Int32Array[];
  /** 0 or 1 per label. */
  readonly targets: readonly (readonly number[])[];
}

/** Everything a fold trains with, its weights at their start. */
export interface FoldSetup {
  readonly source: ModelSource;
  /** What whoever trains should know of the checkpoint and of the rows, a sentence each. */
  readonly warnings: readonly string[];
  readonly vocabulary: CompactVocabulary;
  readonly training: TokenizedRows;
  readonly validation: TokenizedRows;
  /** What it trains on. */
  readonly device: Device;
  /** What is to be known of its memory; null of the processor. */
  readonly card: TrainedCard | null;
  /** What its products are computed in. */
  readonly precision: ComputePrecision;
  readonly trainer: Trainer;
  /** Forward over the weights under training. */
  readonly evaluation: ClassifierRun;
  /** Names every random draw of this fold. */
  readonly key: PhiloxKey;
  readonly signature: string;
  /** Texts of a batch that pass at once. */
  readonly microBatch: number;
  /** The largest pass. */
  readonly largest: LargestBatch;
  /** @throws ModelChanged where the model's files are not those any more that the fold is recorded under */
  checkModel(): Promise<void>;
  close(): Promise<void>;
}

export async function setUpFold(job: FoldJob, pace: Pace, watch: Stopwatch): Promise<FoldSetup> {
  const device = await watch.time('device', () => openDevice(job.device ?? processor, job));
  const key = foldKey(job.seed, job.fold);
  const pinned = await watch.time('data', () => pinModel(job.model, pace));
  const tokenising: Around = (work) => watch.time('data', () => pace.during('tokenising', work));
  const source = await tokenising(() => openModelSource(job.model, job.labels, key));
  let frozen: FrozenActivations | null = null;
  try {
    const { classifier } = source;
    const table = openTrainingTable(job.table);
    const progress = (): void => pace.progress();
    const reading = readingOf(job.model, classifier);
    const texts = await tokenising(() => tokenize(source.tokenizer, table.texts, reading, progress)).finally(
      () => table.close(),
    );
    const pseudo = pseudoRows(job);
    const joining = await tokenising(() => tokenize(source.tokenizer, pseudo.texts, reading, progress));
    const vocabulary = CompactVocabulary.of([...texts, ...joining]);
    const compact = texts.map((text) => vocabulary.compact(text));
    const isHeldOut = heldOutBy(table, job);
    const labelled = select(table, compact, (row) => !isHeldOut(row));
    const training: TokenizedRows = {
      rows: [...labelled.rows, ...joining.map((_, place) => texts.length + place)],
      texts: [...labelled.texts, ...joining.map((text) => vocabulary.compact(text))],
      targets: [...labelled.targets, ...pseudo.targets],
    };
    const validation = select(table, compact, isHeldOut);
    const compiling: Around = (work) => watch.time('compile', () => pace.during('compiling', work));
    const groups = optionGroups(job.training);
    const { passes, optimizer, layers, reinitLayers, draws, perturbation, checkpointing } = groups;
    const read = windowed(classifier, reading.windows);
    const sequences = training.texts.map((text) => sequencesOf(text, read).map(({ length }) => length));
    const longest = reading.windows?.length ?? reading.longest;
    const shapes = shapesOfTraining(device, read, longest);
    const batch = largestBatch(sequences, passes.batchSize, shapes);
    const card = trainedCard(device, groups.precision);
    const { classifier: trainedClassifier, textsAtOnce } = watch.timeNow('compile', () =>
      trainedModel(read, groups, batch, {
        vocabulary: vocabulary.size,
        ...(job.machineBytes === undefined ? {} : { machineBytes: job.machineBytes }),
        card,
      }),
    );
    const options = {
      device,
      classifier: vocabulary.classifier(trainedClassifier),
      vocabulary: vocabulary.size,
      precision: precisionOn(device.name, groups.precision),
      compiling,
    };
    const microBatch = await chosenMicroBatch(job, textsAtOnce);
    const accumulate = passesOfStep(passes, microBatch);
    const mostTokens = mostTokensOf(sequences, microBatch, shapes);
    const task = tasks[job.task];
    const weights = classWeightsOf(groups.classWeights, job.labels, training.targets, task);
    const loss = { loss: task.loss, lossSettings: { ...groups.loss, weights } };
    const filled = shapes === null ? {} : { shapes };
    if (groups.cacheFrozen) {
      frozen = await FrozenActivations.open({
        ...options,
        ...filled,
        path: join(job.workDirectory, 'activations.f32'),
        texts: [...training.texts, ...validation.texts],
        weights: (name) => trainer.state.tensor('weights', name),
      });
    }
    const besides = frozen === null ? {} : { frozen };
    const trainer = await watch.time('compile', () =>
      Trainer.create({
        ...options,
        ...besides,
        optimizer,
        layers,
        averaged: isAveraged(groups.averaging),
        perturbation,
        accumulate,
        ...loss,
        dropout: true,
        draws,
        checkpointing,
        mostTokens,
        longest,
      }),
    );
    const kinds = { vocabulary, reinitLayers, adapters: newAdapters(trainer, key) };
    await watch.time('weights', () => loadWeights(trainer, source, kinds, pace));
    await pinned?.check();
    const judged = (name: string): Promise<Value> => trainer.state.tensor(trainer.judged(name), name);
    const evaluation = new ClassifierRun({ ...options, ...besides, ...filled, weights: judged });
    return {
      source,
      vocabulary,
      training,
      warnings: [...source.warnings, ...pseudoWarnings(pseudo)],
      validation,
      device,
      card,
      precision: options.precision,
      trainer,
      evaluation,
      key,
      signature: signatureIn(options.precision, engineSignature(device.signature)),
      microBatch,
      largest: { ...batch, texts: Math.min(batch.texts, microBatch) },
      checkModel: async () => pinned?.check(),
      close: async () => {
        evaluation.release();
        await frozen?.close();
        await trainer.close();
        device.release();
        await source.close();
      },
    };
  } catch (fault) {
    await frozen?.close();
    device.release();
    await source.close();
    throw fault;
  }
}

/** What an attempt before went on with stays, so that a fold that is resumed gives the same bits. */
async function chosenMicroBatch(
  { training: { microBatch, batchSize }, mostTexts = batchSize, resume }: FoldJob,
  fitting: number,
): Promise<number> {
  if (microBatch !== 'auto') return fitting;
  const most = Math.min(fitting, mostTexts);
  for (const { state } of resume) {
    const found = await readPosition(state.path).catch(() => null);
    if (found !== null) return Math.min(most, found.microBatch ?? batchSize);
  }
  return most;
}

/** Null for a model that is not read from files, or whose files nobody has named. */
async function pinModel(model: FoldJob['model'], pace: Pace): Promise<PinnedFiles | null> {
  if (!('checkpoint' in model) || model.digests === undefined) return null;
  return PinnedFiles.of(model.checkpoint, model.digests, () => pace.progress());
}

async function loadWeights(
  trainer: Trainer,
  source: ModelSource,
  {
    vocabulary,
    reinitLayers,
    adapters,
  }: {
    readonly vocabulary: CompactVocabulary;
    readonly reinitLayers: number;
    readonly adapters: ReadonlyMap<string, Float32Array>;
  },
  pace: Pace,
): Promise<void> {
  const depths = new Depths(trainer.parameters);
  for (const { name } of trainer.parameters) {
    const isWords = name === source.classifier.wordEmbedding;
    const values =
      adapters.get(name) ??
      (isWords
        ? await source.embeddingRows(vocabulary.rows)
        : depths.isNew(name, reinitLayers)
          ? source.fresh(name)
          : await source.initial(name));
    await trainer.begin(name, values);
    pace.progress();
  }
}

function select(
  { folds, labels }: Pick<TrainingTable, 'folds' | 'labels'>,
  texts: readonly Int32Array[],
  wanted: (row: number) => boolean,
): TokenizedRows {
  const rows = [...folds.keys()].filter(wanted);
  const width = labels.length / folds.length;
  return {
    rows,
    texts: rows.map((row) => texts[row] as Int32Array),
    targets: rows.map((row) => [...labels.subarray(row * width, (row + 1) * width)]),
  };
}

/**
 * At most as many texts as the longest.
 *
 * @param texts per text, the lengths of its sequences @param shapes what batches are filled up to; null: nothing
 */
export function largestBatch(
  texts: readonly (readonly number[])[],
  batchSize: number,
  shapes: BatchShapes | null = null,
): LargestBatch {
  const longest = longestOf(texts);
  return {
    texts: Math.min(batchSize, texts.length),
    length: shapes?.length(longest) ?? longest,
    windows: texts.reduce((most, lengths) => Math.max(most, lengths.length), 1),
  };
}

/** No batch has more tokens than the longest texts together; filled up, than as many of the longest as sequences. */
function mostTokensOf(
  texts: readonly (readonly number[])[],
  batchSize: number,
  shapes: BatchShapes | null,
): number {
  const mostOf = (measure: (lengths: readonly number[]) => number): number =>
    texts
      .map(measure)
      .sort((a, b) => b - a)
      .slice(0, batchSize)
      .reduce((sum, count) => sum + count, 0);
  if (shapes === null) return mostOf((lengths) => lengths.reduce((sum, length) => sum + length, 0));
  const batch = mostOf(({ length }) => length);
  const filled = shapes.of({ first: 0, batch, length: longestOf(texts) });
  return filled.batch * filled.length;
}

/** Tokens of the longest sequence. */
function longestOf(texts: readonly (readonly number[])[]): number {
  return texts.reduce((longest, lengths) => Math.max(longest, ...lengths), 1);
}
