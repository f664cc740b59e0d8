import { RuntimeFault } from '../../runtime/fault.js';
import type {
  ElementArray,
  ElementType,
  Provider,
  Runtime,
  Session,
  Tensor,
  Value,
} from '../../runtime/runtime.js';
import type { CardFacts, CompileOptions, Device, DeviceName } from '../device.js';
import { verifyFits, zeros } from '../element-arrays.js';
import type { Program } from '../program.js';
import type { TrainingProgram } from '../training-program.js';
import type { TrainingOptions, TrainingState } from '../training-state.js';
import type { CardKernels } from './card-kernels.js';
import type { PackSizes } from './packing.js';
import { RecordedSession, forRecording } from './recorded-session.js';
import type { StepNodes } from './step-nodes.js';

/** A program as a provider of ONNX Runtime takes it. */
export interface LoweredProgram {
  readonly model: Uint8Array;
  /** Names of the nodes that compute sizes, which are the processor's. */
  readonly onProcessor: ReadonlySet<string>;
  /** Whether its runs can be recorded. */
  readonly recordable: boolean;
}

/** A card, and what is its own of what computes. */
export interface Card {
  readonly name: DeviceName;
  readonly facts: CardFacts | null;
  readonly signature: string;
  /** As `Device` has it. */
  readonly alikeRuns: boolean;
  readonly runtime: Runtime;
  readonly provider: Provider;
  /** How many outputs a node may have: a kernel that writes more than it can bind fails. */
  readonly mostOutputs: number;
  /** How the parameters of a training lie together on it. */
  readonly packSizes: PackSizes;
  /** Loads its kernels; null where all of a step is programs. */
  readonly kernels: (() => Promise<CardKernels>) | null;
  /** Writes a program in operators that the provider has; it stays as it is. */
  lower(program: Program): LoweredProgram;
}

/**
 * A device with memory of its own, whatever provider of ONNX Runtime reaches it. What is constant in a program lies on
 * it once it is compiled.
 */
export class ResidentDevice implements Device {
  readonly name: DeviceName;
  readonly signature: string;
  readonly card: CardFacts | null;
  readonly alikeRuns: boolean;
  private released = false;
  /** Once a training has asked for them. */
  private kernels: CardKernels | null = null;
  private readonly runtime: Runtime;
  private readonly provider: Provider;

  /** @param threads of what is the processor's: sizes, and the draws of dropout */
  constructor(
    private readonly own: Card,
    private readonly threads: number,
  ) {
    this.name = own.name;
    this.card = own.facts;
    this.signature = own.signature;
    this.alikeRuns = own.alikeRuns;
    this.runtime = own.runtime;
    this.provider = own.provider;
  }

  get live(): Readonly<{ sessions: number; values: number }> {
    return this.runtime.live;
  }

  get kernelLaunches(): number {
    return this.kernels?.launched ?? 0;
  }

  async compile(program: Program, { repeated = false, ...options }: CompileOptions = {}): Promise<Session> {
    this.opened();
    const create = ({ model, onProcessor }: LoweredProgram, recorded: boolean): Promise<Session> => {
      const on = { provider: this.provider, onProcessor, recorded };
      return this.runtime.createSession(model, { ...options, threads: this.threads, on });
    };
    if (repeated) {
      const { program: given, numbers } = forRecording(program);
      const lowered = this.own.lower(given);
      if (lowered.recordable) return new RecordedSession(await create(lowered, true), this, numbers, program);
    }
    return create(this.own.lower(program), false);
  }

  tensor(type: ElementType, shape: readonly number[], data: ElementArray): Tensor {
    this.opened();
    return this.runtime.tensor(type, shape, data);
  }

  async allocate(type: ElementType, shape: readonly number[]): Promise<Value> {
    this.opened();
    return this.provider.allocate(type, shape);
  }

  async upload(data: ElementArray, to: Value): Promise<void> {
    this.opened();
    verifyFits(data, to);
    await this.onHost(data, to, (host) => this.provider.copy([[host, to]]));
  }

  async download(from: Value): Promise<ElementArray> {
    this.opened();
    const data = zeros(from);
    await this.onHost(data, from, (host) => this.provider.copy([[from, host]]));
    return data;
  }

  /** Copies tensors from the host or on the device. */
  copyAll(pairs: readonly (readonly [from: Value, to: Value])[]): Promise<void> {
    this.opened();
    return this.provider.copy(pairs);
  }

  /** See `Provider.placeOf`. */
  placeOf(value: Value): bigint {
    return this.provider.placeOf(value);
  }

  async train(options: TrainingOptions): Promise<TrainingState> {
    this.opened();
    // Who scores does not load what trains.
    const { ResidentTrainingState } = await import('./training-state.js');
    const { threads, own } = this;
    const { mostOutputs, packSizes } = own;
    const kernels = await this.loadedKernels();
    const { view } = this.provider;
    return ResidentTrainingState.allocate(this, { threads, mostOutputs, packSizes, kernels, view }, options);
  }

  /** What a step runs, by `launchesOf` its launches: for those who count them. */
  async stepNodes(
    program: TrainingProgram,
    options: Pick<TrainingOptions, 'optimizer' | 'averaged' | 'lossScale'>,
  ): Promise<StepNodes> {
    const { stepNodes } = await import('./step-nodes.js');
    return stepNodes(this, program, options, { ...this.own, kernels: await this.loadedKernels() });
  }

  release(): void {
    this.released = true;
  }

  private async loadedKernels(): Promise<CardKernels | null> {
    return (this.kernels ??= (await this.own.kernels?.()) ?? null);
  }

  /** A tensor over the array, of another one's type and shape, for the time of `work`. */
  private async onHost(
    data: ElementArray,
    { type, shape }: Value,
    work: (host: Tensor) => Promise<void>,
  ): Promise<void> {
    const host = this.runtime.tensor(type, shape, data);
    try {
      await work(host);
    } finally {
      host.release();
    }
  }

  private opened(): void {
    if (this.released) throw new RuntimeFault({ where: `device ${this.name}`, what: 'it has been released' });
  }
}
