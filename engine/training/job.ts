import type { HeldOutFold } from '../../data/prepared-table.js';
import type { DeviceName } from '../device/device.js';
import type { ComputePrecision } from '../precision/precision.js';
import type { TaskName } from '../../tasks/task.js';
import type { ModelUse, ScratchModel } from '../../pipeline/pipeline.js';
import type { TrainingOptions } from '../../pipeline/training.js';
import type { FoldActivity } from './stopwatch.js';

/** What the trainer's child process is asked to do: train one fold. Plain JSON; paths are local. */
export interface FoldJob {
  /** 1 … K. */
  readonly fold: number;
  /** Where the fold is one of a repeated split after the first. */
  readonly repeated?: NonNullable<HeldOutFold['repeated']>;
  readonly task: TaskName;
  readonly labels: readonly string[];
  /** A local model folder, or a model from scratch with the tokenizer learnt for it. */
  readonly model: ModelUse &
    (
      | {
          readonly checkpoint: string;
          /** SHA-256 by name of the folder's files that make the model: others must not be read. */
          readonly digests?: Readonly<Record<string, string>>;
        }
      | { readonly scratch: ScratchModel; readonly tokenizer: string }
    );
  /**
   * Where rows to predict are trained on, too (`training.pseudo`): their prepared table, and of each row the
   * probabilities that a model of this very fold gave, raw float32 `[rows, labels]`.
   */
  readonly pseudo?: { readonly table: string; readonly probabilities: string };
  /** Path of the prepared training table (see data/prepared-table.ts). */
  readonly table: string;
  readonly training: TrainingOptions;
  /** The seed this attempt uses: `training.seed`, or a later one after a divergence. */
  readonly seed: number;
  /** What it trains on. Default: the processor. */
  readonly device?: DeviceName;
  /** Intra-op threads of the engine; on the processor part of the fold's key. */
  readonly threads: number;
  /** Where `training.microBatch` leaves it open: the most texts that may pass at once. Default: all of a batch. */
  readonly mostTexts?: number;
  /** What the machine has of memory. Default: as much as is wanted. */
  readonly machineBytes?: number;
  /** An existing empty folder for checkpoints in progress and for the exported model. */
  readonly workDirectory: string;
  /** Checkpoints to resume from, newest first; a damaged one is passed over with a warning. */
  readonly resume: readonly FoldCheckpoint[];
}

/**
 * A checkpoint as files on the local disk, each with the hash it must have. They are not flushed yet:
 * whoever keeps them does that, while the training goes on.
 */
export interface FoldCheckpoint {
  readonly step: number;
  /** Weights, optimizer state and position. */
  readonly state: HashedFile;
  /** The best epoch's weights; null before the first epoch ends. */
  readonly best: HashedFile | null;
}

/** A file, with the hash of what was written to it. */
export interface HashedFile {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
}

export interface EpochMetrics {
  /** 1 … epochs. */
  readonly epoch: number;
  /** Mean over the epoch's batches of their mean losses. */
  readonly trainLoss: number;
  readonly valLoss: number;
  /** Macro F1 of the validation rows, before anything is tuned. */
  readonly macroF1: number;
  /** Of a task with one class per row. */
  readonly accuracy?: number;
}

/** What a fold is trained on, and in. */
export type TrainedOn = Pick<FoldOutcome, 'device' | 'card' | 'precision'>;

/** A card, as results name it. */
export interface NamedCard {
  readonly name: string;
  /** Null where its driver does not say. */
  readonly memoryBytes: number | null;
}

/** What a fold is at, for those parts of it that are not a step. */
export type FoldPhase =
  'preparing' | 'tokenising' | 'compiling' | 'training' | 'judging' | 'writing a checkpoint' | 'exporting';

/** Messages of the child to its parent, in order. */
export type FoldMessage =
  /**
   * A new phase, or progress in the one under way. Without progress for longer than `patienceSeconds` the
   * fold is stuck: what is slow on purpose asks for more of it.
   */
  | {
      readonly type: 'phase';
      readonly phase: FoldPhase;
      readonly patienceSeconds: number;
      /** Its work blocks the event loop, so that `alive` does not come either. */
      readonly silent: boolean;
      /** What from outside native code is busy with: where it ends the process, it is to blame. */
      readonly foreign?: string;
    }
  /** The process runs; it says nothing of progress. */
  | { readonly type: 'alive' }
  | {
      readonly type: 'started';
      readonly step: number;
      readonly steps: number;
      readonly epochs: number;
      readonly resumedFrom: number;
      readonly on?: TrainedOn;
    }
  | {
      readonly type: 'step';
      readonly epoch: number;
      /** Optimizer steps done in all epochs, and their number. */
      readonly step: number;
      readonly steps: number;
      readonly loss: number;
      /** Of the step's texts, as the model reads them: without padding. */
      readonly tokens: number;
      /** Mean seconds of one step, of the recent ones. */
      readonly secondsPerStep: number;
    }
  | { readonly type: 'epoch'; readonly metrics: EpochMetrics; readonly best: boolean }
  | { readonly type: 'checkpoint'; readonly checkpoint: FoldCheckpoint; readonly seconds: number }
  | { readonly type: 'warning'; readonly message: string }
  /** The answer to `stop`, after the checkpoint of that step. */
  | { readonly type: 'stopped'; readonly step: number }
  | { readonly type: 'finished'; readonly result: FoldOutcome }
  | { readonly type: 'failed'; readonly name: string; readonly message: string; readonly retryable: boolean };

/** Messages of the parent to the child. `stop`: give up what is under way, checkpoint what was done before, and leave. */
export type FoldCommand = { readonly type: 'train'; readonly job: FoldJob } | { readonly type: 'stop' };

/**
 * Seconds by what they were spent on. Beyond `total`, of a fold that has a process of its own: what this took to start
 * with its modules, and to close and end after the fold.
 */
export interface FoldSeconds extends Readonly<Record<FoldActivity | 'total', number>> {
  readonly start?: number;
  readonly end?: number;
}

export interface FoldOutcome {
  readonly fold: number;
  readonly bestEpoch: number;
  readonly epochs: readonly EpochMetrics[];
  /** Row numbers (0-based, of the table) of the validation rows, ascending. */
  readonly rows: readonly number[];
  /** Path of a raw little-endian float32 file `[rows, labels]`: validation probabilities of the kept epoch. */
  readonly probabilities: string;
  /** Files of the exported model, by path inside `models/<fold>/` (`model.safetensors`, `onnx/model.onnx` …). */
  readonly model: Readonly<Record<string, string>>;
  /** The one of them that has the weights, as it was hashed while it was written. */
  readonly weights: HashedFile;
  readonly device: string;
  /** What products were computed in, where that was not float32. */
  readonly precision?: Exclude<ComputePrecision, 'float32'>;
  /** Where the device is a card that is known. */
  readonly card?: NamedCard;
  readonly threads: number;
  readonly seed: number;
  /** The texts that passed at once, where that was not the whole batch. */
  readonly microBatch?: number;
  readonly steps: number;
  /** Of them, those that taught nothing, since their gradients were too large for float16. */
  readonly skippedSteps?: number;
  readonly seconds: FoldSeconds;
  readonly warnings: readonly string[];
}
