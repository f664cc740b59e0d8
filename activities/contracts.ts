import type { EpochMetrics } from '../engine/training/job.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { ArtifactRef } from '../store/store.js';

/** What starts a run: the argument of the workflow `pipeline`, as `foldwise config` prints it. */
export interface PipelineInput {
  /** The pipeline itself, or the path or file URI of its YAML. */
  readonly pipeline: unknown;
  /** Values by dotted path (`training.epochs`): strings as `--set` takes them, or any JSON. */
  readonly overrides?: Readonly<Record<string, unknown>>;
  /** The run's id; by default made of the workflow's. */
  readonly run?: string;
  /** Disregards what earlier runs recorded. Default false. */
  readonly fresh?: boolean;
}

/** What holds for a whole run, decided once at its start. */
export interface RunSettings {
  readonly fresh: boolean;
  /** `cpu` …; part of a fold's key, as is the number of threads. */
  readonly device: string;
  readonly threads: number;
}

/** Output of `resolvePipeline`. */
export interface ResolvedRun {
  readonly run: string;
  readonly pipeline: Pipeline;
  readonly settings: RunSettings;
  /** Whether the namespace knows foldwise's search attributes. */
  readonly searchAttributes: boolean;
  /** Where the run's files go, as the worker sees it. */
  readonly runDirectory: string;
}

/** Asks for the keys of a step, and for what is recorded under them. */
export interface LookupCall {
  readonly run: string;
  readonly pipeline: Pipeline;
  readonly settings: RunSettings;
  readonly step: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** The folds asked for; null for a plain step. */
  readonly members: readonly number[] | null;
}

export interface LookedUp {
  /** Null for a plain step. */
  readonly index: number | null;
  readonly key: string;
  /** The recorded output, its artifacts verified; null where the step has to run. */
  readonly output: unknown;
}

/** The activities that come before the DAG and between its steps. */
export interface RunActivities {
  resolvePipeline(input: PipelineInput): Promise<ResolvedRun>;
  lookupSteps(call: LookupCall): Promise<LookedUp[]>;
}

/** The signal of a fold at each epoch's end, and what it carries. */
export type EpochFinishedSignal = 'epochFinished';
export interface EpochFinished {
  readonly fold: number;
  readonly metrics: EpochMetrics;
}

/** A step's output with the wall-clock seconds that it took. */
export type Timed<Output> = Output & { readonly seconds: number };

/** What every step activity is told. `inputs` holds the outputs of the steps it needs, by kind. */
export interface StepCall<Inputs> {
  /** The run's id, the name of its directory below `runs/`. */
  readonly run: string;
  readonly pipeline: Pipeline;
  /** The step's name in the DAG. */
  readonly step: string;
  /** The step's key: hash of activity, version, parameters and the inputs' digests. */
  readonly key: string;
  readonly inputs: Inputs;
  readonly settings: RunSettings;
}

/** Output of `prepareData`. */
export interface Dataset {
  /** `test` is null for a pipeline without rows to predict. */
  readonly rows: { readonly train: number; readonly test: number | null };
  /** JSON `TrainingTable` (engine/training/job.ts): texts, labels and fold of every training row. */
  readonly table: ArtifactRef;
  /** JSON string[]: ids of the training rows. */
  readonly trainIds: ArtifactRef;
  /** JSON {ids: string[], texts: string[]}: the test rows, if there are any. Never part of a fold's key. */
  readonly test: ArtifactRef | null;
  readonly warnings: readonly string[];
}

/** Output of `trainFold`, one per fold. */
export interface TrainedFold {
  readonly fold: number;
  readonly bestEpoch: number;
  readonly epochs: readonly EpochMetrics[];
  /** JSON number[]: 0-based rows of the training table this fold held out. */
  readonly rows: ArtifactRef;
  /** Raw little-endian float32 `[rows, labels]`. */
  readonly probabilities: ArtifactRef;
  /** The exported model's files by relative path; loads in transformers as it is. */
  readonly model: Readonly<Record<string, ArtifactRef>>;
  readonly device: string;
  readonly threads: number;
  readonly attempts: number;
  readonly seed: number;
  readonly seconds: number;
  readonly warnings: readonly string[];
}

/** Output of `aggregateOof`. */
export interface OutOfFold {
  /** Raw little-endian float32 `[rows, labels]`; NaN where no fold predicted the row. */
  readonly probabilities: ArtifactRef;
  /** `oof.csv`. */
  readonly csv: ArtifactRef;
  readonly rowsWithoutOof: number;
  readonly skippedFolds: readonly number[];
}

/** Output of `tuneThresholds`. */
export interface Thresholds {
  readonly thresholds: Readonly<Record<string, number>>;
  readonly macroF1: { readonly atHalf: number; readonly tuned: number; readonly crossFitted: number };
  readonly perLabel: Readonly<
    Record<
      string,
      {
        readonly atHalf: number;
        readonly tuned: number;
        readonly crossFitted: number;
        readonly support: number;
        /** False where no threshold gives an F1 above 0, so that it is 0.5. */
        readonly tunable?: boolean;
        /** Folds that the cross-fitted score judges at 0.5: nothing could be tuned on the others. */
        readonly untunedFolds?: readonly number[];
      }
    >
  >;
}

/** Output of `predictEnsemble`. */
export interface Submission {
  readonly submission: ArtifactRef;
  readonly rows: number;
}

/** Output of `writeReport`. */
export interface Report {
  readonly report: ArtifactRef;
  readonly result: ArtifactRef;
}

/** Inputs of each step activity, by kind; `fold` holds the folds that were trained, in order. */
export interface StepActivities {
  prepareData(call: StepCall<Record<string, never>>): Promise<Timed<Dataset>>;
  trainFold(call: StepCall<{ data: Dataset }> & { readonly fold: number }): Promise<TrainedFold>;
  aggregateOof(call: StepCall<{ data: Dataset; fold: readonly TrainedFold[] }>): Promise<Timed<OutOfFold>>;
  tuneThresholds(call: StepCall<{ data: Dataset; oof: OutOfFold }>): Promise<Timed<Thresholds>>;
  predictEnsemble(
    call: StepCall<{ data: Dataset; fold: readonly TrainedFold[]; thresholds: Thresholds }>,
  ): Promise<Timed<Submission>>;
  writeReport(
    call: StepCall<{
      data: Dataset;
      fold: readonly TrainedFold[];
      oof: OutOfFold;
      thresholds: Thresholds;
      /** Absent where no step predicts the test rows. */
      submission?: Submission;
    }> & {
      /** By step; 0 for one that was reused. */
      readonly seconds: Readonly<Record<string, number>>;
      /** Steps whose outputs all came from earlier runs. */
      readonly reused: readonly string[];
    },
  ): Promise<Timed<Report>>;
}

/** Heartbeat details of `trainFold`: a hint for `status` and `watch`, never the truth. */
export interface FoldHeartbeat {
  readonly fold: number;
  readonly epoch: number;
  readonly epochs: number;
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  readonly secondsPerStep: number;
}
