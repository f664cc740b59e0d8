import type { Task } from '../../tasks/task.js';
import type { Device } from '../device/device.js';
import type { Around } from '../device/sessions.js';
import { sizeOf, type HostArray } from '../device/tensor-scope.js';
import type {
  DropoutMask,
  StateArray,
  StepBatch,
  StepResult,
  StepSettings as DeviceStep,
  TrainingState,
} from '../device/training-state.js';
import type { PhiloxKey } from '../kernels/philox.js';
import { dropoutDraws, type DropoutPass } from '../kernels/random-draws.js';
import type { DrawSettings, LossSettings } from '../losses/settings.js';
import { oneDraw, passesOf } from '../losses/settings.js';
import type { Classifier } from '../models/family.js';
import type { AdamwSettings } from '../optim/adamw.js';
import type { LossScaleSettings } from '../optim/loss-scale.js';
import { lossScaleOf, type ComputePrecision } from '../precision/precision.js';
import { allLayersAlike, type LayerSettings, type ParameterGroup } from '../optim/parameter-groups.js';
import { unperturbed, type PerturbationSettings } from '../optim/perturbation.js';
import type { HostBatch } from '../inference/batch.js';
import { packBatch } from '../inference/batch.js';
import { shapesOfTraining, type BatchShapes } from '../inference/batch-shapes.js';
import type { FrozenActivations } from './frozen-activations.js';
import type { GroupedParameter, TrainingGraph } from './graphs.js';
import { trainingGraph } from './graphs.js';

export interface TrainerOptions {
  readonly optimizer: AdamwSettings;
  /** Default: all layers alike. */
  readonly layers?: LayerSettings;
  readonly device: Device;
  readonly classifier: Classifier;
  /** Rows of the word embedding that are trained. */
  readonly vocabulary: number;
  readonly dropout: boolean;
  /** Default: one of each. */
  readonly draws?: DrawSettings;
  /** Whether the backward pass computes each layer again instead of keeping it. Default false. */
  readonly checkpointing?: boolean;
  /** What products are computed in. Default float32. */
  readonly precision?: ComputePrecision;
  /** Default: as the precision wants it. Null: none. */
  readonly lossScale?: LossScaleSettings | null;
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
  /** Tokens of the largest batch, with what it is filled up with. */
  readonly mostTokens: number;
  /** Of a sequence: none is padded beyond. Default: as many as the model takes. */
  readonly longest?: number;
  /** Called around each compilation. */
  readonly compiling?: Around;
  /** Of one piece of memory, where that is limited; by default what one can hold. */
  readonly mostBytes?: number;
}

export interface TextBatch {
  /** Token ids. */
  readonly texts: readonly Int32Array[];
  /** Per text, 0 or 1 per label. */
  readonly targets: readonly (readonly number[])[];
}

export interface StepSettings extends Pick<DeviceStep, 'learningRate' | 'averageShare'> {
  /** Whether the gradients of perturbed weights teach the step, too. Default false. */
  readonly perturbed?: boolean;
  /** 0 for the first; with `key` it names every random draw of the step. */
  readonly step: number;
  readonly key: PhiloxKey;
}

type PackedBatch = Omit<StepBatch, 'share'>;

/** Trains one model on a device: packs batches, names their draws, and has the device step. */
export class Trainer {
  /** The batch that was packed before its step, for its masks. */
  private ahead: { readonly batch: TextBatch; readonly named: string; readonly packed: PackedBatch } | null =
    null;

  private constructor(
    private readonly options: TrainerOptions,
    /** In the order of the graph. */
    readonly parameters: readonly GroupedParameter[],
    /** Those that change. */
    readonly trained: readonly GroupedParameter[],
    /** Weights and what the optimizer keeps, on the device. */
    readonly state: TrainingState,
    private readonly graphs: Map<number, TrainingGraph>,
    private readonly graphOf: (groups: number) => TrainingGraph,
    /** What batches are filled up to; null: nothing. */
    private readonly shapes: BatchShapes | null,
  ) {}

  static async create(options: TrainerOptions): Promise<Trainer> {
    const { device, classifier, vocabulary, dropout, loss, lossSettings, draws = oneDraw } = options;
    const { layers = allLayersAlike, perturbation = unperturbed, checkpointing = false } = options;
    const { precision = 'float32', lossScale = lossScaleOf(precision) } = options;
    const ofLoss = { loss, ...(lossSettings === undefined ? {} : { lossSettings }) };
    const graphOf = (groups: number): TrainingGraph =>
      trainingGraph(classifier, {
        groups,
        vocabulary,
        dropout,
        draws,
        layers,
        perturbation,
        checkpointing,
        precision,
        scaled: lossScale !== null,
        ...ofLoss,
      });
    const program = graphOf(1);
    const { optimizer, accumulate = 1, averaged = false, compiling, mostBytes } = options;
    const state = await device.train({
      program,
      mostRows: options.mostTokens * passesOf(draws),
      optimizer,
      perturbation,
      lossScale,
      accumulate,
      averaged,
      ...(compiling === undefined ? {} : { compiling }),
      ...(mostBytes === undefined ? {} : { mostBytes }),
    });
    const { parameters } = program;
    const trained = parameters.filter(({ group }) => group.trained);
    const shapes = shapesOfTraining(device, classifier, options.longest);
    return new Trainer(options, parameters, trained, state, new Map([[1, program]]), graphOf, shapes);
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
   *
   * @param next the first batch of the next step, as far as is known: its masks may be drawn meanwhile
   */
  async stepOver(
    batches: readonly TextBatch[],
    { learningRate, averageShare, perturbed = false, step, key }: StepSettings,
    stop?: AbortSignal,
    next?: TextBatch,
  ): Promise<StepResult> {
    const texts = batches.reduce((sum, batch) => sum + batch.texts.length, 0);
    const { accumulate = 1 } = this.options;
    const packed = batches.map((batch, place) => ({
      share: batch.texts.length / texts,
      ...this.taken(batch, step * accumulate + place, key),
    }));
    const ahead = next && (() => this.packedAhead(next, (step + 1) * accumulate, key).masks('plain'));
    return this.state.step(packed, { learningRate, averageShare, perturbed, number: step + 1 }, stop, ahead);
  }

  private packedAhead(batch: TextBatch, drawn: number, key: PhiloxKey): PackedBatch {
    const packed = this.packed(batch, drawn, key);
    this.ahead = { batch, named: drawsOf(drawn, key), packed };
    return packed;
  }

  /** What was packed ahead, where it is this. */
  private taken(batch: TextBatch, drawn: number, key: PhiloxKey): PackedBatch {
    const { ahead } = this;
    if (ahead?.named !== drawsOf(drawn, key) || !isSame(ahead.batch, batch))
      return this.packed(batch, drawn, key);
    this.ahead = null;
    return ahead.packed;
  }

  /** @param drawn the number of the batch over all steps; with `key` it names its random draws */
  private packed({ texts, targets }: TextBatch, drawn: number, key: PhiloxKey): PackedBatch {
    const { classifier, draws = oneDraw, frozen } = this.options;
    const twice = passesOf(draws) === 2;
    const batch = packBatch(twice ? [...texts, ...texts] : texts, classifier, this.shapes ?? 2);
    const { order, sizes } = batch;
    const ordered = Float32Array.from(order.flatMap((text) => targets[text % texts.length] ?? []));
    const inputs: Record<string, HostArray> = {
      ...batch.feeds,
      targets: { type: 'float32', shape: [order.length, classifier.labels], data: ordered },
      ...(twice ? { twins: { type: 'int64', shape: [order.length], data: twinRows(batch) } } : {}),
    };
    const program = this.program(batch.groups.length);
    const masks = (pass: DropoutPass): DropoutMask[] =>
      program.dropoutSites.map(({ name, shape, probability, number }) => ({
        name,
        shape: shape.map((dim) => sizeOf(sizes, dim)),
        probability,
        key,
        counter: dropoutDraws(pass, drawn, number),
      }));
    return { program, sizes, inputs: async () => ({ ...inputs, ...(await frozen?.feeds(batch)) }), masks };
  }

  private program(groups: number): TrainingGraph {
    let graph = this.graphs.get(groups);
    if (graph === undefined) this.graphs.set(groups, (graph = this.graphOf(groups)));
    return graph;
  }

  /** Sets what a parameter begins with. */
  async begin(name: string, values: Float32Array): Promise<void> {
    await this.state.write('weights', name, values);
    if (this.state.has('average', name)) await this.state.write('average', name, values);
  }

  /** Which weights of a parameter are judged and exported: their average where there is one. */
  judged(name: string): StateArray {
    return this.state.has('average', name) ? 'average' : 'weights';
  }

  /** How a step treats a parameter. */
  groupOf(name: string): ParameterGroup {
    const parameter = this.parameters.find((each) => each.name === name);
    if (parameter === undefined) throw new RangeError(`no parameter '${name}'`);
    return parameter.group;
  }

  async close(): Promise<void> {
    await this.state.close();
  }
}

function drawsOf(drawn: number, key: PhiloxKey): string {
  return [drawn, ...key].join();
}

/** Whether they are of the same arrays. */
function isSame(one: TextBatch, other: TextBatch): boolean {
  return (['texts', 'targets'] as const).every(
    (part) =>
      one[part].length === other[part].length &&
      one[part].every((values, place) => values === other[part][place]),
  );
}

/** Of each row of texts that were given twice, one after the other, the row of the same text's other pass. */
function twinRows({ order }: HostBatch): BigInt64Array {
  const rowOf = new Map(order.map((text, row) => [text, row]));
  const passes = order.length / 2;
  return BigInt64Array.from(order, (text) => BigInt(rowOf.get((text + passes) % order.length) as number));
}
