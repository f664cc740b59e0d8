import type { TaskName } from '../tasks/task.js';
import type { EnsembleOptions } from './ensemble.js';
import type { Matrix } from './matrix.js';
import type { TrainingOptions } from './training.js';

/** The resolved pipeline: every default filled in, every path absolute, ready to travel as JSON. */
export interface Pipeline {
  readonly name: string;
  readonly task: TaskName;
  readonly labels: readonly string[];
  readonly data: DataSource;
  readonly folds: FoldsOptions;
  readonly model: ModelOptions;
  readonly training: TrainingOptions;
  /** Absent where the file says nothing of it: see `ensembleOf`. */
  readonly ensemble?: EnsembleOptions;
  /** Steps by name, in the order of the file. */
  readonly steps: Readonly<Record<string, Step>>;
}

export interface DataSource {
  readonly train: string;
  /** Absent: there are no rows to predict. */
  readonly test?: string;
  /** Candidate text columns, the first one present is used. */
  readonly text: readonly string[];
  /** The id column, which must be there. Absent: `id` where a file has it, else rows are numbered. */
  readonly id?: string;
  /** The column of class names, of a single-label pipeline; absent: a column of 0 and 1 for each label. */
  readonly target?: string;
}

/** Header of the id column in the results, and in the tables by default. */
export function idColumn({ id = 'id' }: Pick<DataSource, 'id'>): string {
  return id;
}

export interface FoldsOptions {
  readonly count: number;
  readonly strategy: 'stratified' | 'random';
  readonly seed: number;
}

/** Exactly one of `checkpoint` (a folder or a hub name) and `scratch` is set. */
export interface ModelOptions {
  readonly checkpoint?: string;
  readonly scratch?: ScratchModel;
  /** Truncation, in tokens, special tokens included. */
  readonly maxLength: number;
}

export type ModelType = 'bert' | 'deberta-v2';

export interface ScratchModel {
  readonly type: ModelType;
  readonly hiddenSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly intermediateSize: number;
  /** Entries of the vocabulary learnt from the training texts, special tokens included. */
  readonly vocabulary: number;
}

export type ActivityName =
  'prepareData' | 'trainFold' | 'aggregateOof' | 'tuneThresholds' | 'predictEnsemble' | 'writeReport';

export interface Step {
  readonly run: ActivityName;
  readonly needs: readonly string[];
  readonly matrix?: Matrix;
  /** `main` is the task queue `foldwise`; any other name `q` is the task queue `foldwise-q`. */
  readonly queue: string;
  /** Start-to-close timeout of one attempt, as Temporal writes durations (`12h`, `30m`). */
  readonly timeout: string;
  readonly onFailure: 'wait' | 'fail' | 'skip';
}
