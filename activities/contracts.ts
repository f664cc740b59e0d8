import type { EpochMetrics } from '../engine/training/job.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { ArtifactRef } from '../store/store.js';

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
}

/** Output of `prepareData`. */
export interface Dataset {
  readonly rows: { readonly train: number; readonly test: number };
  /** JSON `TrainingTable` (engine/training/job.ts): texts, labels and fold of every training row. */
  readonly table: ArtifactRef;
  /** JSON string[]: ids of the training rows. */
  readonly trainIds: ArtifactRef;
  /** JSON {ids: string[], texts: string[]}: the test rows. Never part of a fold's key. */
  readonly test: ArtifactRef;
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
  prepareData(call: StepCall<Record<string, never>>): Promise<Dataset>;
  trainFold(call: StepCall<{ data: Dataset }> & { readonly fold: number }): Promise<TrainedFold>;
  aggregateOof(call: StepCall<{ data: Dataset; fold: readonly TrainedFold[] }>): Promise<OutOfFold>;
  tuneThresholds(call: StepCall<{ data: Dataset; oof: OutOfFold }>): Promise<Thresholds>;
  predictEnsemble(
    call: StepCall<{ data: Dataset; fold: readonly TrainedFold[]; thresholds: Thresholds }>,
  ): Promise<Submission>;
  writeReport(
    call: StepCall<{
      data: Dataset;
      fold: readonly TrainedFold[];
      oof: OutOfFold;
      thresholds: Thresholds;
      submission: Submission;
    }> & { readonly seconds: Readonly<Record<string, number>> },
  ): Promise<Report>;
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
