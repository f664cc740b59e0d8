import type { PhiloxCounter, PhiloxKey } from '../kernels/philox.js';
import type { DropoutPass } from '../kernels/random-draws.js';
import type { AdamwSettings } from '../optim/adamw.js';
import { lossScaleParts, type LossScaleSettings } from '../optim/loss-scale.js';
import type { PerturbationSettings } from '../optim/perturbation.js';
import type { Value } from '../runtime/runtime.js';
import type { Around } from './sessions.js';
import type { HostArray } from './tensor-scope.js';
import type { TrainingProgram } from './training-program.js';

/**
 * What there is of a parameter from one step to the next. Gradients, their sums and perturbed copies are a step's own:
 * nobody outside reads them.
 */
export type StateArray = 'weights' | 'firstMoment' | 'secondMoment' | 'average' | typeof lossScaleArray;

/** Of no parameter: its entries are the parts of a `LossScale`, float32 `[]` each, where a training has one. */
export const lossScaleArray = 'lossScale';

/** One array of a state, by what it is of. */
export interface StateEntry {
  readonly array: StateArray;
  readonly parameter: string;
  readonly shape: readonly number[];
}

/** Those of a loss scale. */
export const lossScaleEntries: readonly StateEntry[] = lossScaleParts.map((parameter) => ({
  array: lossScaleArray,
  parameter,
  shape: [],
}));

/**
 * Where a training stands, resident on its device: read and written by name, moved by steps. Whatever is not said to
 * be so is not there: a parameter that is not trained has weights alone.
 *
 * Steps and writes do not overlap, nor do they with reads; who breaks that is refused. A step that was given up
 * (`stop`) may still run: what is read then is as it was before that step.
 */
export interface TrainingState {
  /** What steps move, and all that a training that goes on needs: the entries of a checkpoint, `<array>/<parameter>`. */
  readonly entries: readonly StateEntry[];

  /** Whether a parameter has such an array. */
  has(array: StateArray, parameter: string): boolean;

  /**
   * The array of a parameter, row-major: a view on the processor, else downloaded. It is to be read before the next
   * step or write, and never written to.
   *
   * @throws RangeError where there is no such array
   */
  read(array: StateArray, parameter: string): Promise<Float32Array>;

  /** Takes a copy of the values. @throws RangeError where there is no such array, or one of another length */
  write(array: StateArray, parameter: string, values: Float32Array): Promise<void>;

  /**
   * Runs `work`, all of whose reads see one state: what would change it meanwhile is refused.
   *
   * @throws what `work` throws
   */
  snapshot<T>(work: () => Promise<T>): Promise<T>;

  /**
   * The array as sessions of the device are fed it: asked for before each run, since it may lie elsewhere after a step
   * or a write. Within a step, while the inputs of a batch are made, it is as before that step. The state's own, not to be
   * released.
   */
  tensor(array: StateArray, parameter: string): Promise<Value>;

  /**
   * One optimizer step: the gradients of all batches, each by its share, added up in their order; where the step is
   * perturbed, those of moved copies of the weights, too; the norm, clipping, AdamW, and the average.
   *
   * Where there is a loss scale, it is the same for all passes of the step and taken out of their gradients; after the
   * step it is the next one (optim/loss-scale.ts).
   *
   * @param ahead masks that the next step will begin with, as far as is known: a device may have them ready then
   * @param stop once aborted, the step ends without having changed the state, and rejects
   * @throws RuntimeFault where the device fails; the state is void then, but on the processor
   */
  step(
    batches: readonly StepBatch[],
    settings: StepSettings,
    stop?: AbortSignal,
    ahead?: () => readonly DropoutMask[],
  ): Promise<StepResult>;

  /** Waits for nothing: a step that is under way has to have ended. Whatever is asked of it later throws. */
  close(): Promise<void>;
}

/** What a training is, from its first step to its last. */
export interface TrainingOptions {
  /** Of batches of one group: says which parameters there are, and which are looked up. */
  readonly program: Pick<TrainingProgram, 'graph' | 'parameters' | 'tables'>;
  /** Rows that a batch looks up of a table, at most. */
  readonly mostRows: number;
  readonly optimizer: AdamwSettings;
  readonly perturbation: PerturbationSettings;
  /** Of programs that take one (`lossScaleInput`): all of them do, or none. Null: none. */
  readonly lossScale: LossScaleSettings | null;
  /** Batches of a step, at most. */
  readonly accumulate: number;
  /** Whether an average of the weights is kept. */
  readonly averaged: boolean;
  /** Called around each compilation, which takes long. */
  readonly compiling?: Around;
  /** Of one piece of memory, where that is limited; by default what one can hold. */
  readonly mostBytes?: number;
}

/** One batch of a step, as the host has packed it. */
export interface StepBatch {
  /** What it is run by; one for each layout of batches, the same object each time. */
  readonly program: TrainingProgram;
  /** Of the texts of the step; all shares of a step add up to 1. */
  readonly share: number;
  /** The named sizes of the program. */
  readonly sizes: Readonly<Record<string, number>>;
  /** By the program's inputs; it may have fewer. Asked for when the batch is run, once a pass. */
  inputs(): Promise<Readonly<Record<string, HostArray>>>;
  /** The dropout masks of a pass: every draw of the step, so that devices agree on it. */
  masks(pass: DropoutPass): readonly DropoutMask[];
}

/** An input of the program that is drawn where it is used (kernels/random-draws.ts). */
export interface DropoutMask {
  readonly name: string;
  readonly shape: readonly number[];
  /** Of an element to become 0; the others are 1/(1 − probability). */
  readonly probability: number;
  readonly key: PhiloxKey;
  readonly counter: PhiloxCounter;
}

export interface StepSettings {
  readonly learningRate: number;
  /** By what share the average moves towards the weights after the step, whether these have moved or not; null: it stays. */
  readonly averageShare: number | null;
  /** Whether the gradients of perturbed weights teach the step, too. */
  readonly perturbed: boolean;
  /** 1 for the first; the optimizer counts itself where there is a loss scale: what was skipped is no step of its. */
  readonly number: number;
}

export interface StepResult {
  /** Of the batches, before the step, by the weights as they are. */
  readonly loss: number;
  /** Of all gradients of the step, without the loss scale, before clipping; NaN where the loss is not finite. */
  readonly gradientNorm: number;
  /**
   * Whether loss or gradients were not finite: weights and moments are as they were then, and without a loss scale all
   * of the state is.
   */
  readonly skipped: boolean;
}
