import type { EnsembleOptions } from './ensemble.js';
import type { Matrix } from './matrix.js';
import type { ReadOnly } from './read-only.js';
import type { PipelineDocument, StepDocument } from './schema.js';
import type { ThresholdOptions } from './thresholds.js';

type Settings = ReadOnly<PipelineDocument>;

/** The resolved pipeline: every default filled in, every path absolute, ready to travel as JSON. */
export interface Pipeline extends Pick<
  Settings,
  'name' | 'task' | 'labels' | 'folds' | 'model' | 'training'
> {
  readonly data: DataSource;
  /** Absent where the file says nothing of it: see `ensembleOf`. */
  readonly ensemble?: EnsembleOptions;
  /** Absent where the file says nothing of it: see `calibrationOf`. */
  readonly calibration?: NonNullable<Settings['calibration']>;
  /** Absent where the file says nothing of it: see `searchOf`. */
  readonly thresholds?: ThresholdOptions;
  /** Absent where the file says nothing of it: see `showsTexts`. */
  readonly report?: NonNullable<Settings['report']>;
  /** Steps by name, in the order of the file. */
  readonly steps: Readonly<Record<string, Step>>;
}

/**
 * Without `test` there are no rows to predict. `id` is a column that must be there; without it: `id` where a
 * file has it, else rows are numbered. `target` is the column of class names, of a single-label pipeline;
 * without it: a column of 0 and 1 for each label.
 */
export type DataSource = Omit<Settings['data'], 'text'> & {
  /** Candidate text columns, the first one present is used. */
  readonly text: readonly string[];
};

/** Header of the id column in the results, and in the tables by default. */
export function idColumn({ id = 'id' }: Pick<DataSource, 'id'>): string {
  return id;
}

/** Exactly one of `checkpoint` (a folder or a hub name) and `scratch` is set. */
export type ModelOptions = Settings['model'];

/** What of a text the head sees, where that is not as the checkpoint says. */
export type Pooling = Exclude<NonNullable<ModelOptions['pooling']>, 'auto'>;

/** Undefined as the checkpoint says. */
export function poolingOf({ pooling }: Pick<ModelOptions, 'pooling'>): Pooling | undefined {
  return pooling === 'auto' ? undefined : pooling;
}

/** What is kept of a text that is too long: its first tokens, its last ones, or some of both. */
export type Truncation = Exclude<NonNullable<ModelOptions['truncation']>, 'auto'>;

/** How a model is used, whichever it is; what is absent is as the checkpoint has it. */
export interface ModelUse extends Pick<ModelOptions, 'maxLength'> {
  readonly pooling?: Pooling;
  readonly truncation?: Truncation;
  readonly windows?: NonNullable<ModelOptions['windows']>;
}

export function modelUse(model: ModelOptions): ModelUse {
  const { maxLength, truncation = 'auto', windows } = model;
  const pooling = poolingOf(model);
  return {
    maxLength,
    ...(pooling === undefined ? {} : { pooling }),
    ...(truncation === 'auto' ? {} : { truncation }),
    ...(windows === undefined ? {} : { windows }),
  };
}

export type ScratchModel = NonNullable<ModelOptions['scratch']>;

export type ActivityName =
  'prepareData' | 'trainFold' | 'aggregateOof' | 'tuneThresholds' | 'predictEnsemble' | 'writeReport';

/**
 * The queue `main` is the task queue `foldwise`; any other name `q` is the task queue `foldwise-q`. The timeout
 * is that of one attempt, as Temporal writes durations (`12h`, `30m`).
 */
export type Step = Required<Omit<ReadOnly<StepDocument>, 'matrix' | 'run'>> & {
  readonly run: ActivityName;
  readonly matrix?: Matrix;
};
