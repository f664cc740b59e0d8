import type { Task } from '../../tasks/task.js';
import type { PhiloxKey } from '../kernels/philox.js';
import { dropoutDraws, type DropoutPass } from '../kernels/random-draws.js';
import type { DrawSettings, LossSettings } from '../losses/settings.js';
import { oneDraw, passesOf } from '../losses/settings.js';
import type { Classifier } from '../models/family.js';
import type { DropoutSite, NumberedSite } from '../nn/dropout-sites.js';
import { addGradients, holdGradients } from '../optim/accumulation.js';
import { adamwStep } from '../optim/adamw.js';
import type { AdamwSettings } from '../optim/adamw.js';
import { moveAverage } from '../optim/averaging.js';
import { allLayersAlike, type LayerSettings, type ParameterGroup } from '../optim/parameter-groups.js';
import type { ExtraArray } from '../optim/parameter-memory.js';
import { ParameterMemory } from '../optim/parameter-memory.js';
import { joinsGradients, perturb, unperturbed, type PerturbationSettings } from '../optim/perturbation.js';
import type { Runtime, Tensor } from '../runtime/runtime.js';
import type { HostBatch } from '../inference/batch.js';
import { packBatch } from '../inference/batch.js';
import type { FrozenActivations } from './frozen-activations.js';
import type { GroupedParameter, TrainingGraph } from './graphs.js';
import { rowScratchOf, trainingGraph } from './graphs.js';
import { addRowGradients, placeRowGradients } from './row-gradients.js';
import { Scratch } from './scratch.js';
import type { ScratchPiece } from './scratch.js';
import type { Around } from '../inference/sessions.js';
import { sizeOf, Sessions, TensorScope } from '../inference/sessions.js';

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
  /** Whether the backward pass computes each layer again instead of keeping it. Default false. */
  readonly checkpointing?: boolean;
  /** Batches of a step, at most. Default 1. */
  readonly accumulate?: number;
  /** Whether an average of the weights is kept. Default false. */
  readonly averaged?: boolean;
  /** What weights are moved by in the steps that are told to. Default: none are. */
  readonly perturbation?: PerturbationSettings;
  /** What is fed besides of a model that is cut (nn/scope.ts). */
  readonly frozen?: FrozenActivations;
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
  /** Whether the gradients of perturbed weights teach the step, too. Default false. */
  readonly perturbed?: boolean;
  /** 0 for the first; with `key` it names every random draw of the step. */
  readonly step: number;
  readonly key: PhiloxKey;
}

export interface StepResult {
  /** Of the batch, before the step, by the weights as they are. */
  readonly loss: number;
  /** Of all gradients of the step, before clipping. */
  readonly gradientNorm: number;
}

/** One pass of all batches of a step, forward and backward. */
interface Pass {
  /** By the graph's names. */
  readonly weights: Readonly<Record<string, Tensor>>;
  readonly draws: { readonly step: number; readonly key: PhiloxKey; readonly pass: DropoutPass };
  /** Whether its gradients are added to those of the pass before. */
  readonly joins: boolean;
}

/** Trains one model in place: forward, backward, clip, AdamW. */
export class Trainer {
  private constructor(
    private readonly options: TrainerOptions,
    /** In the order of the graph. */
    readonly parameters: readonly GroupedParameter[],
    /** Those that change. */
    readonly trained: readonly GroupedParameter[],
    readonly memory: ParameterMemory,
    private readonly sessions: Sessions<TrainingGraph>,
    private readonly lasting: TensorScope,
    /** Feeds and fetches over the parameter memory, by the graph's names. */
    private readonly weights: Readonly<Record<string, Tensor>>,
    /** The same over the perturbed copies, of the parameters that have one. */
    private readonly perturbed: Readonly<Record<string, Tensor>>,
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
    const { layers = allLayersAlike, perturbation = unperturbed, checkpointing = false } = options;
    const ofLoss = { loss, ...(lossSettings === undefined ? {} : { lossSettings }) };
    const compile = (groups: number): TrainingGraph =>
      trainingGraph(classifier, {
        groups,
        vocabulary,
        dropout,
        draws,
        layers,
        perturbation,
        checkpointing,
        ...ofLoss,
      });
    const { parameters, tables } = compile(1);
    const names = new Set(tables.map(({ name }) => name));
    const tablesFirst = [...parameters].sort((a, b) => Number(names.has(b.name)) - Number(names.has(a.name)));
    const sizes = options.mostBytes === undefined ? {} : { mostBytes: options.mostBytes };
    const scratch = rowScratchOf(tables, options.mostTokens * passesOf(draws));
    const extra = extraArrays(options);
    const memory = await ParameterMemory.allocate(tablesFirst, {
      threads,
      tables: names,
      scratch,
      extra,
      ...sizes,
    });
    const lasting = new TensorScope(runtime);
    const weights: Record<string, Tensor> = {};
    const perturbed: Record<string, Tensor> = {};
    const gradients: Record<string, Tensor> = {};
    for (const { name, shape, group } of parameters) {
      const views = memory.of(name);
      weights[name] = lasting.float(shape, views.weights);
      if (views.perturbed !== undefined) perturbed[name] = lasting.float(shape, views.perturbed);
      if (group.trained) gradients[name] = lasting.float(shape, views.gradients);
    }
    const sessions = new Sessions(runtime, { threads }, compile, options.compiling);
    return new Trainer(
      options,
      parameters,
      parameters.filter(({ group }) => group.trained),
      memory,
      sessions,
      lasting,
      weights,
      perturbed,
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
    { learningRate, averageShare, perturbed = false, step, key }: StepSettings,
    stop?: AbortSignal,
  ): Promise<StepResult> {
    const plain = { weights: this.weights, draws: { step, key, pass: 'plain' }, joins: false } as const;
    const loss = await this.pass(batches, plain, stop);
    if (!Number.isFinite(loss)) return { loss, gradientNorm: NaN };
    if (perturbed && !Number.isFinite(await this.perturbedPass(batches, { step, key }, stop)))
      return { loss, gradientNorm: NaN };
    const gradientNorm = adamwStep(this.memory, this.options.optimizer, learningRate, step + 1);
    if (averageShare !== null && Number.isFinite(gradientNorm)) moveAverage(this.memory, averageShare);
    return { loss, gradientNorm };
  }

  /**
   * The same batches by copies of the weights that are moved to where the loss is larger; the weights stay. Leaves
   * the gradients that teach the step.
   */
  private async perturbedPass(
    batches: readonly TextBatch[],
    { step, key }: Pick<StepSettings, 'step' | 'key'>,
    stop?: AbortSignal,
  ): Promise<number> {
    const { perturbation = unperturbed } = this.options;
    const joins = joinsGradients(perturbation);
    perturb(this.memory, Object.keys(this.perturbed), perturbation);
    if (joins) holdGradients(this.memory);
    const weights = { ...this.weights, ...this.perturbed };
    return this.pass(batches, { weights, draws: { step, key, pass: 'perturbed' }, joins }, stop);
  }

  /** Leaves the mean gradients over the texts of all batches. @returns their loss, early where it is not finite */
  private async pass(batches: readonly TextBatch[], pass: Pass, stop?: AbortSignal): Promise<number> {
    const texts = batches.reduce((sum, batch) => sum + batch.texts.length, 0);
    let loss = 0;
    for (const [i, batch] of batches.entries()) {
      const share = batch.texts.length / texts;
      loss += share * (await this.backward(batch, i, pass));
      stop?.throwIfAborted();
      if (!Number.isFinite(loss)) return loss;
      if (batches.length > 1 || pass.joins) {
        const isFirst = i === 0 && !pass.joins;
        addGradients(this.memory, share, { isFirst, isLast: i === batches.length - 1 });
      }
    }
    return loss;
  }

  /** The weights that are judged and exported: their average where there is one. */
  judged(name: string): Float32Array {
    const { weights, average } = this.memory.of(name);
    return average ?? weights;
  }

  /** How a step treats a parameter. */
  groupOf(name: string): ParameterGroup {
    const parameter = this.parameters.find((each) => each.name === name);
    if (parameter === undefined) throw new RangeError(`no parameter '${name}'`);
    return parameter.group;
  }

  /** Leaves every gradient in the parameter memory. @param place of the batch in its step @returns the loss */
  private async backward({ texts, targets }: TextBatch, place: number, pass: Pass): Promise<number> {
    const { classifier, draws = oneDraw } = this.options;
    const twice = passesOf(draws) === 2;
    const batch = packBatch(twice ? [...texts, ...texts] : texts, classifier, 2);
    const ordered = Float32Array.from(batch.order.flatMap((text) => targets[text % texts.length] ?? []));
    const compiled = await this.sessions.for(batch);
    const { graph, session } = compiled;
    const passing = new TensorScope(this.options.runtime);
    try {
      const rows = placeRowGradients(graph.tables, batch, this.memory, passing);
      const feeds = {
        ...pass.weights,
        ...passing.batchFeeds(batch, compiled),
        ...((await this.options.frozen?.feeds(batch, passing)) ?? {}),
        ...(await this.masks(batch, graph.dropoutSites, passing, place, pass)),
        targets: passing.float([batch.order.length, classifier.labels], ordered),
        ...(twice ? { twins: passing.int64(twinRows(batch)) } : {}),
      };
      const fetches: Record<string, Tensor | null> = { loss: null };
      for (const [name, { tensor }] of Object.entries(rows)) fetches[name] = tensor;
      for (const name of session.outputs) {
        const parameter = /^gradient:(.*)$/.exec(name)?.[1];
        if (parameter !== undefined) fetches[name] = this.gradients[parameter] as Tensor;
      }
      const results = await session.run(feeds, fetches);
      addRowGradients(graph.tables, batch, this.memory, rows);
      return passing.keep(results['loss'] as Tensor).data[0] as number;
    } finally {
      passing.release();
    }
  }

  private async masks(
    batch: HostBatch,
    sites: readonly NumberedSite[],
    scope: TensorScope,
    batchPlace: number,
    { draws: { step, key, pass } }: Pass,
  ): Promise<Record<string, Tensor>> {
    const drawn = step * (this.options.accumulate ?? 1) + batchPlace;
    const masks: Record<string, Tensor> = {};
    const shapes = sites.map((site) => shapeOf(batch, site));
    const pieces = await this.scratch.pieces(shapes.map(count));
    sites.forEach(({ name, probability, number }, place) => {
      const { kernels, view } = pieces[place] as ScratchPiece;
      kernels.dropoutMasks(view, { probability, key, counter: dropoutDraws(pass, drawn, number) });
      masks[name] = scope.float(shapes[place] as number[], view);
    });
    return masks;
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
  perturbation = unperturbed,
}: Pick<TrainerOptions, 'accumulate' | 'averaged' | 'perturbation'>): ExtraArray[] {
  const sums = accumulate > 1 || joinsGradients(perturbation);
  return [...(sums ? (['sums'] as const) : []), ...(averaged ? (['average'] as const) : [])];
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
