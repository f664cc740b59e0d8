import type {
  ElementArray,
  ElementType,
  Session,
  SessionOptions,
  Tensor,
  Value,
} from '../runtime/runtime.js';
import type { Program } from './program.js';
import type { TrainingOptions, TrainingState } from './training-state.js';

/**
 * What computes: the processor, or a card. It compiles graphs, holds arrays and runs; nothing outside `engine/device/`
 * knows where an array lies. A tensor of one device is fed to sessions of this device alone.
 */
export interface Device {
  /** As it is asked for and recorded. */
  readonly name: DeviceName;
  /** What of the device decides bits, besides the graph and what is fed: part of a checkpoint's signature. */
  readonly signature: string;
  /** What it computes on, as far as that is told; null for the processor. */
  readonly card: CardFacts | null;
  /**
   * Whether a run costs it less that has the shapes of one before: the batches of a training are then filled up to few
   * shapes (engine/inference/batch-shapes.ts).
   */
  readonly alikeRuns: boolean;
  /** Sessions and tensors of this process that are not released yet, whatever device they are of. */
  readonly live: Readonly<{ sessions: number; values: number }>;
  /** Launches so far of kernels on a card that are no session's. */
  readonly kernelLaunches: number;

  /**
   * Makes a session of a program.
   *
   * @throws RuntimeFault where the device does not take it
   */
  compile(program: Program, options?: CompileOptions): Promise<Session>;

  /**
   * A tensor over an array of the host's, to be fed: no copy is made, the device reads it as each run begins. The
   * array is held until `release`.
   */
  tensor(type: ElementType, shape: readonly number[], data: ElementArray): Tensor;

  /** A tensor that lies on the device until `release`; what it holds is not defined. */
  allocate(type: ElementType, shape: readonly number[]): Promise<Value>;

  /** Copies an array into a tensor of `allocate`, of its type and as long as it. */
  upload(data: ElementArray, to: Value): Promise<void>;

  /** @returns a copy that the caller owns, of any tensor of the device */
  download(from: Value): Promise<ElementArray>;

  /** A training on the device: its weights and moments zeros, until they are written. */
  train(options: TrainingOptions): Promise<TrainingState>;

  /** Its sessions, tensors and trainings are to be released before. Makes no more of them; a second call does nothing. */
  release(): void;
}

/** A card, as its driver tells of it. */
export interface CardFacts {
  readonly name: string;
  /** Which make and model it is, where they have numbers: `<vendor>:<device>`. */
  readonly id: string | null;
  /** Name and version of the driver. */
  readonly driver: string;
  /** Of the card; null where the driver does not say. */
  readonly memoryBytes: number | null;
  /** Whether it is the processor that computes, by a driver in software. */
  readonly isSoftware: boolean;
}

export interface CompileOptions extends Pick<SessionOptions, 'externalFolder'> {
  /** Whether it is run many times with the same tensors: a device that can records such runs. Default false. */
  readonly repeated?: boolean;
}

/** The names that devices are asked for by, and recorded under. */
export type DeviceName = typeof processor | typeof webGpu | CudaName;

/** The processor. */
export const processor = 'cpu';

/** What ONNX Runtime's WebGPU provider reaches. */
export const webGpu = 'webgpu';

/** One of the cards that CUDA reaches, in its numbers: from 0 on. */
export type CudaName = `cuda:${number}`;

/** What reaches a device: `cuda` of `cuda:1`. */
export function kindOfDevice(name: string): string {
  return name.split(':', 1)[0]!;
}

/** What `Device.alikeRuns` is, known before a device is opened. */
export function hasAlikeRuns(name: DeviceName): boolean {
  return kindOfDevice(name) === 'cuda';
}

/** The number of a card. */
export function cardNumber(name: CudaName): number {
  return Number(name.slice(name.indexOf(':') + 1));
}

export function cudaName(card: number): CudaName {
  return `cuda:${card}`;
}
