import type { AcceptedRuns } from './admission.js';
import type { TokenCounts } from '../data/hygiene/token-counts.js';
import type { DeviceName } from '../engine/device/device.js';
import type { ComputePrecision } from '../engine/precision/precision.js';
import type { Precision } from '../engine/inference/precision.js';
import type { FoldJob, FoldMessage, FoldOutcome } from '../engine/training/job.js';
import type { TokenizedModel } from '../engine/training/token-counts.js';
import type { ScratchModel } from '../pipeline/pipeline.js';
import type { CheckpointShelf } from '../store/checkpoints.js';
import type { KeyIndex } from '../store/keys.js';
import type { ResultIndex } from '../store/result-index.js';
import type { ArtifactStore } from '../store/store.js';
import type { TableFiles } from './table-files.js';
import type { TableWork } from './tables/tasks.js';

/** Trains one fold, in a process of its own. */
export interface Trainer {
  /**
   * @param options.signal once aborted, the training writes a checkpoint and ends within about half a
   *   minute; `train` then rejects
   * @throws a Fault; named `DivergenceFault` where the loss or the answers show that it has diverged
   */
  train(
    job: FoldJob,
    options: { readonly onMessage: (message: FoldMessage) => void; readonly signal: AbortSignal },
  ): Promise<FoldOutcome>;
}

export interface Predictor {
  /**
   * Writes an exported model's probabilities of the rows of a prepared test table: raw little-endian
   * float32 `[rows, labels]`.
   */
  predict(
    modelFolder: string,
    files: { readonly table: string; readonly output: string },
    options: {
      readonly maxLength: number;
      readonly threads: number;
      /** Default float32. */
      readonly precision?: Precision | undefined;
      /** What products in float32 are computed in instead. Default float32. */
      readonly computedIn?: ComputePrecision | undefined;
      /** What computes. Default the processor. */
      readonly device?: DeviceName | undefined;
      /** Of a card: how often batches of as many tokens as are expected to fit are halved. Default 0. */
      readonly halvings?: number | undefined;
      readonly signal: AbortSignal;
      /** Told now and then how many rows have been scored. */
      readonly onRows?: ((rows: number) => void) | undefined;
    },
  ): Promise<void>;
}

/** Where models and tokenizers come from. */
export interface ModelSource {
  /** The local folder of a checkpoint, fetched first where it is a name of the hub, and its files' names. */
  locate(checkpoint: string): Promise<{ readonly folder: string; readonly files: readonly string[] }>;
  /**
   * The `tokenizer.json` learnt for a model from scratch from the texts of a prepared training table; the
   * same for the same texts.
   */
  learnTokenizer(scratch: ScratchModel, table: string): Promise<string>;
  /** What a model's tokenizer makes of the texts of prepared tables. */
  countTokens(
    model: TokenizedModel,
    files: { readonly table: string; readonly test: string | null },
    signal: AbortSignal,
  ): Promise<TokenCounts>;
}

/** What folds train on here: each device is lent to one at a time. */
export interface Devices {
  /** Each once. */
  readonly names: readonly DeviceName[];
  /** Resolves once one is free. @throws the signal's reason where it is aborted before */
  borrow(signal: AbortSignal): Promise<DeviceLoan>;
}

export interface DeviceLoan {
  readonly device: DeviceName;
  /** A second call does nothing. */
  giveBack(): void;
}

/** Everything outside that the activities work with. */
export interface Services {
  readonly store: ArtifactStore;
  readonly keys: KeyIndex;
  readonly checkpoints: CheckpointShelf;
  /** What this machine has of memory; unknown where that is of no concern. */
  readonly machineBytes?: number;
  /** What all hosts know of runs and scorings; null where they share the folders below. */
  readonly results: { readonly runs: ResultIndex; readonly scores: ResultIndex } | null;
  /** Holds one folder per run. */
  readonly runsDirectory: string;
  /** Holds one folder per scoring. */
  readonly scoresDirectory: string;
  readonly trainer: Trainer;
  readonly predictor: Predictor;
  readonly models: ModelSource;
  readonly tables: TableWork;
  /** Those that pipelines and scorings name. */
  readonly tableFiles: TableFiles;
  /** Folder of files on their way into the store, on its disk. */
  readonly scratch: string;
  /** Intra-op threads of the engine, for one fold. */
  readonly threads: number;
  /** Folds that are trained or scored at once. */
  readonly slots: number;
  readonly devices: Devices;
  /** Whether this worker takes up folds: of one that does not no device counts. Default true. */
  readonly trains?: boolean;
  /** Chunks of a table have a multiple of it; default: the rows that are scored together. */
  readonly chunkRows?: number;
  /**
   * All that the engine's bits depend on besides its job: part of a fold's key.
   *
   * @param device the processor, or one of `devices` @throws EnvironmentFault for another
   */
  readonly engineSignature: (threads: number, device: string) => string;
  /** Version by component, as the results name them. */
  readonly versions: Readonly<Record<string, string>>;
  /** Folders, and buckets or prefixes in S3, that may be read from; null where whoever starts runs is trusted with every path. */
  readonly roots: readonly string[] | null;
  /** The runs that this worker works for; null: for everybody's. */
  readonly accepts: AcceptedRuns | null;
  /** Whether the namespace knows the search attributes. */
  readonly searchAttributes: boolean;
  /** Whether payloads are encrypted: then nothing private may stand beside them. */
  readonly encrypted: boolean;
}
