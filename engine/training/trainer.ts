import type { Task } from '../../tasks/task.js';
import type { PhiloxKey } from '../kernels/philox.js';
import type { DrawSettings, LossSettings } from '../losses/settings.js';
import { oneDraw, passesOf } from '../losses/settings.js';
import type { Classifier } from '../models/family.js';
import type { DropoutSite, Parameter } from '../nn/scope.js';
import { addGradients } from '../optim/accumulation.js';
import { adamwStep } from '../optim/adamw.js';
import type { AdamwSettings } from '../optim/adamw.js';
import { moveAverage } from '../optim/averaging.js';
import type { ExtraArray } from '../optim/parameter-memory.js';
import { ParameterMemory } from '../optim/parameter-memory.js';
import type { Runtime, Tensor } from '../runtime/runtime.js';
import type { HostBatch } from './batch.js';
import { packBatch } from './batch.js';
import { allLayersAlike, Depths, type LayerSettings } from './depths.js';
import type { TrainingGraph } from './graphs.js';
import { rowScratchOf, trainingGraph } from './graphs.js';
import { Scratch } from './scratch.js';
import type { ScratchPiece } from './scratch.js';
import type { Around, CompiledSession } from './sessions.js';
import { sizeOf, Sessions, TensorScope } from './sessions.js';

export interface TrainerOptions {
  readonly optimizer: AdamwSettings;
  /** Default: all layers alike. */
  readonly layers?: LayerSettings;
  readonly runtime: Runtime;
  readonly classifier: Classifier;
  /** Rows of the word embedding that are trained. */
  readonly vocabulary: number;
  readonly threads: number;
  readonly dropout: boolean;
  /** Default: one of each. */
  readonly draws?: DrawSettings;
  /** Batches of a step, at most. Default 1. */
  readonly accumulate?: number;
  /** Whether an average of the weights is kept. Default false. */
  readonly averaged?: boolean;
  readonly loss: Task['loss'];
  /** Default: as the task has it. */
  readonly lossSettings?: LossSettings;
  /** Tokens of the largest batch. */
  readonly mostTokens: number;
  /** Called around each compilation. */
  readonly compiling?: Around;
  /** Of one memory; by default what one can hold. */
  readonly mostBytes?: number;
}

export interface TextBatch {
  /** Token ids. */
  readonly texts: readonly Int32Array[];
  /** Per text, 0 or 1 per label. */
  readonly targets: readonly (readonly number[])[];
}

export interface StepSettings {
  readonly learningRate: number;
  /** By what share the average moves towards the weights after the step; null: it stays. */
  readonly averageShare: number | null;
  /** 0 for the first; with `key` it names every random draw of the step. */
  readonly step: number;
  readonly key: PhiloxKey;
}

export interface StepResult {
  /** Of the batch, before the step. */
  readonly loss: number;
  /** Of all gradients, before clipping. */
  readonly gradientNorm: number;
}

/** Words 3 of Philox's counter: what a draw is for. */
const DROPOUT = 0;

/** Trains one model in place: forward, backward, clip, AdamW. */
export class Trainer {
  private constructor(
    private readonly options: TrainerOptions,
    /** In the order of the graph. */
    readonly parameters: readonly Parameter[],
    /** Those that change. */
    readonly trained: readonly Parameter[],
    readonly memory: ParameterMemory,
    private readonly sessions: Sessions<TrainingGraph>,
    private readonly lasting: TensorScope,
    /** Feeds and fetches over the parameter memory, by the graph's names. */
    private readonly weights: Readonly<Record<string, Tensor>>,
    private readonly gradients: Readonly<Record<string, Tensor>>,
    private readonly scratch: Scratch,
  ) {}

  static async create(options: TrainerOptions): Promise<Trainer> {
    const {
      runtime,
      classifier,
      threads,
      vocabulary,
      dropout,
      loss,
      lossSettings,
      draws = oneDraw,
    } = options;
    const { layerDecay, freezeLayers } = options.layers ?? allLayersAlike;
    const ofLoss = { loss, ...(lossSettings === undefined ? {} : { lossSettings }) };
    const compile = (groups: number): TrainingGraph =>
      trainingGraph(classifier, { groups, vocabulary, dropout, draws, freezeLayers, ...ofLoss });
    const { parameters, tables, trained } = compile(1);
    const names = new Set(tables.map(({ name }) => name));
    const tablesFirst = [...parameters].sort((a, b) => Number(names.has(b.name)) - Number(names.has(a.name)));
    const depths = new Depths(parameters);
    const optimized = tablesFirst.map((each) => ({
      ...each,
      rateShare: depths.rateShare(each.name, layerDecay),
      frozen: !trained.has(each.name),
    }));
    const sizes = options.mostBytes === undefined ? {} : { mostBytes: options.mostBytes };
    const scratch = rowScratchOf(tables, options.mostTokens * passesOf(draws));
    const extra = extraArrays(options);
    const memory = await ParameterMemory.allocate(optimized, {
      threads,
      tables: names,
      scratch,
      extra,
      ...sizes,
    });
    const lasting = new TensorScope(runtime);
    const weights: Record<string, Tensor> = {};
    const gradients: Record<string, Tensor> = {};
    for (const { name, shape } of parameters) {
      weights[name] = lasting.float(shape, memory.of(name).weights);
      if (trained.has(name)) gradients[name] = lasting.float(shape, memory.of(name).gradients);
    }
    const sessions = new Sessions(runtime, threads, compile, options.compiling);
    return new Trainer(
      options,
      parameters,
      parameters.filter(({ name }) => trained.has(name)),
      memory,
      sessions,
      lasting,
      weights,
      gradients,
      new Scratch(threads, options.mostBytes),
    );
  }

  /**
   * One optimizer step. The weights stay as they are where loss or gradient is not finite.
   *
   * @param texts token ids @param targets per text, 0 or 1 per label
   * @param step 0 for the first; with `key` it names every random draw of the step
   * @param stop once aborted, the step ends without having changed the weights, and rejects
   */
  async step(
    texts: readonly Int32Array[],
    targets: readonly (readonly number[])[],
    learningRate: number,
    step: number,
    key: PhiloxKey,
    stop?: AbortSignal,
  ): Promise<StepResult> {
    return this.stepOver([{ texts, targets }], { learningRate, averageShare: null, step, key }, stop);
  }

  /**
   * One optimizer step over the texts of several batches: its loss and gradients are the means over their texts,
   * each batch counted by how many it has (as one large batch would give, but for rounding). At most as many
   * batches as `accumulate`.
   */
  async stepOver(
    batches: readonly TextBatch[],
    { learningRate, averageShare, step, key }: StepSettings,
    stop?: AbortSignal,
  ): Promise<StepResult> {
    const texts = batches.reduce((sum, batch) => sum + batch.texts.length, 0);
    let loss = 0;
    for (const [i, batch] of batches.entries()) {
      const share = batch.texts.length / texts;
      const draw = step * (this.options.accumulate ?? 1) + i;
      loss += share * (await this.backward(batch, draw, key));
      stop?.throwIfAborted();
      if (!Number.isFinite(loss)) return { loss, gradientNorm: NaN };
      if (batches.length > 1)
        addGradients(this.memory, share, { isFirst: i === 0, isLast: i === batches.length - 1 });
    }
    const gradientNorm = adamwStep(this.memory, this.options.optimizer, learningRate, step + 1);
    if (averageShare !== null && Number.isFinite(gradientNorm)) moveAverage(this.memory, averageShare);
    return { loss, gradientNorm };
  }

  /** The weights that are judged and exported: their average where there is one. */
  judged(name: string): Float32Array {
    const { weights, average } = this.memory.of(name);
    return average ?? weights;
  }

  /** The share of the learning rate that a parameter gets: 0 of one that is not trained. */
  rateShare(name: string): number {
    const { layerDecay, freezeLayers } = this.options.layers ?? allLayersAlike;
    const depths = new Depths(this.parameters);
    return depths.isFrozen(name, freezeLayers) ? 0 : depths.rateShare(name, layerDecay);
  }

  /** Leaves every gradient in the parameter memory. @param draw names the random draws @returns the loss */
  private async backward({ texts, targets }: TextBatch, draw: number, key: PhiloxKey): Promise<number> {
    const { classifier, draws = oneDraw } = this.options;
    const twice = passesOf(draws) === 2;
    const batch = packBatch(twice ? [...texts, ...texts] : texts, classifier, 2);
    const ordered = Float32Array.from(batch.order.flatMap((text) => targets[text % texts.length] ?? []));
    const compiled = await this.sessions.for(batch);
    const { graph, session } = compiled;
    const passing = new TensorScope(this.options.runtime);
    try {
      const rows = this.rowGradients(batch, compiled, passing);
      const feeds = {
        ...this.weights,
        ...passing.batchFeeds(batch, compiled),
        ...(await this.masks(batch, graph.dropoutSites, passing, draw, key)),
        targets: passing.float([sizeOf(batch, 'texts'), classifier.labels], ordered),
        ...(twice ? { twins: passing.int64(twinRows(batch)) } : {}),
      };
      const fetches: Record<string, Tensor | null> = { loss: null };
      for (const [name, { tensor }] of Object.entries(rows)) fetches[name] = tensor;
      for (const name of session.outputs) {
        const parameter = /^gradient:(.*)$/.exec(name)?.[1];
        if (parameter !== undefined) fetches[name] = this.gradients[parameter] as Tensor;
      }
      const results = await session.run(feeds, fetches);
      this.addRows(batch, compiled, rows);
      return passing.keep(results['loss'] as Tensor).data[0] as number;
    } finally {
      passing.release();
    }
  }

  /**
   * Where the graph puts the gradients of looked-up rows, by output: beside the first table that they are
   * added to. Each output has its place, the same beside every table.
   */
  private rowGradients(
    batch: HostBatch,
    { graph }: CompiledSession<TrainingGraph>,
    scope: TensorScope,
  ): Record<string, RowGradient> {
    const gradients: Record<string, RowGradient> = {};
    let first = 0;
    for (const { name, rows, width } of graph.tables) {
      if (rows in gradients) continue;
      const shape = [sizeOf(batch, 'tokens'), width];
      const values = this.memory.of(name).rowScratch.subarray(first, first + count(shape));
      gradients[rows] = { tensor: scope.float(shape, values), values, first };
      first += count(shape);
    }
    return gradients;
  }

  private async masks(
    batch: HostBatch,
    sites: readonly DropoutSite[],
    scope: TensorScope,
    draw: number,
    key: PhiloxKey,
  ): Promise<Record<string, Tensor>> {
    const masks: Record<string, Tensor> = {};
    const shapes = sites.map((site) => shapeOf(batch, site));
    const pieces = await this.scratch.pieces(shapes.map(count));
    sites.forEach(({ name, probability }, place) => {
      const { kernels, view } = pieces[place] as ScratchPiece;
      kernels.dropoutMasks(view, { probability, key, counter: [draw, place, DROPOUT] });
      masks[name] = scope.float(shapes[place] as number[], view);
    });
    return masks;
  }

  /** Adds the looked-up rows' gradients into their tables', in the order of the tokens. */
  private addRows(
    batch: HostBatch,
    { graph }: CompiledSession<TrainingGraph>,
    rows: Readonly<Record<string, RowGradient>>,
  ): void {
    for (const table of graph.tables) {
      const { kernels, gradients, rowScratch } = this.memory.of(table.name);
      kernels.fill(gradients, 0);
      const ids = batch.feeds[table.ids]?.data as BigInt64Array;
      kernels.addRows(gradients, ids, besideTable(rows[table.rows] as RowGradient, rowScratch), table.width);
    }
  }

  async close(): Promise<void> {
    this.sessions.release();
    this.lasting.release();
    await this.scratch.close();
    await this.memory.close();
  }
}

/** What the optimizer keeps for options of the training. */
export function extraArrays({
  accumulate = 1,
  averaged = false,
}: Pick<TrainerOptions, 'accumulate' | 'averaged'>): ExtraArray[] {
  return [...(accumulate > 1 ? (['sums'] as const) : []), ...(averaged ? (['average'] as const) : [])];
}

/** Gradients of looked-up rows, and where they begin in the scratch of each table. */
interface RowGradient {
  readonly tensor: Tensor;
  readonly values: Float32Array;
  readonly first: number;
}

/** The gradients in a table's own memory: a copy where the table is in another than the first. */
function besideTable({ values, first }: RowGradient, rowScratch: Float32Array): Float32Array {
  const there = rowScratch.subarray(first, first + values.length);
  if (there.buffer !== values.buffer) there.set(values);
  return there;
}

/** Of each row of texts that were given twice, one after the other, the row of the same text's other pass. */
function twinRows({ order }: HostBatch): BigInt64Array {
  const rowOf = new Map(order.map((text, row) => [text, row]));
  const passes = order.length / 2;
  return BigInt64Array.from(order, (text) => BigInt(rowOf.get((text + passes) % order.length) as number));
}

function shapeOf(batch: HostBatch, site: DropoutSite): number[] {
  return site.shape.map((dim) => sizeOf(batch, dim));
}

function count(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}
