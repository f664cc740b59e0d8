import type { Calibrators } from '../activities/calibrators.js';
import type { StepCall } from '../activities/contracts.js';
import type { DescribedData } from '../activities/data-facts.js';
import type { Dataset, Thresholds, TrainedFold } from '../activities/outputs.js';

/**
 * What `result.json` holds: the outcome of one run, for programs.
 *
 * A score that could not be computed is NaN here and `null` in the file, so readers take both.
 */
export interface RunResult {
  /** The run's id: its directory below `runs/`. */
  readonly run: string;
  /** The pipeline's name. */
  readonly pipeline: string;
  readonly status: 'completed' | 'failed' | 'cancelled';
  readonly labels: readonly string[];
  /** `test` is null for a pipeline without rows to predict. */
  readonly rows: { readonly train: number; readonly test: number | null };
  /** What the training rows were; older results have none. */
  readonly data?: DataDigests;
  /** Where rows were held out by groups: how many there were, and how many rows have a text that another has, too. */
  readonly split?: NonNullable<Dataset['split']>;
  readonly folds: readonly FoldResult[];
  /** Over all rows with an out-of-fold prediction; `crossFitted` is the honest one. */
  readonly macroF1: Thresholds['macroF1'];
  /** Of the probability; where a row has one class, the offset of its logarithm. */
  readonly thresholds: Thresholds['thresholds'];
  readonly perLabel: Thresholds['perLabel'];
  /** Where a row has one class. */
  readonly classes?: NonNullable<Thresholds['classes']>;
  /** What the thresholds were to reach, and do, where that is something else than F1. */
  readonly objectives?: NonNullable<Thresholds['objectives']>;
  /** What calibration changes, and how new probabilities are calibrated, by label; where the pipeline does so. */
  readonly calibration?: Omit<NonNullable<Thresholds['calibration']>, 'calibrators'> & {
    readonly calibrators: Calibrators;
  };
  /** How sure the scores are, what no skill gets, and what else was measured; older results have none. */
  readonly assessment?: NonNullable<Thresholds['assessment']>;
  /** What the tables are like; older results do not tell. */
  readonly facts?: DescribedData;
  /** Rows that were probably given a wrong label; older results do not tell. */
  readonly labelIssues?: LabelIssueSummary;
  /** Folds that no member has. */
  readonly skippedFolds: readonly number[];
  /** Where there is more than one: those that the ensemble is made of, and at last those that it does without. */
  readonly members?: readonly MemberResult[];
  /** How the members became one. */
  readonly ensemble?: NonNullable<Thresholds['ensemble']>;
  /** Training rows that no fold predicted; they are left out of every score. */
  readonly rowsWithoutOof: number;
  /** Seconds of each step of the DAG, 0 for one that was reused. */
  readonly seconds: Readonly<Record<string, number>>;
  /** Steps whose outputs all came from earlier runs. */
  readonly reused?: readonly string[];
  /** The latest earlier run of the same pipeline in the workdir, if there is one. */
  readonly previous?: PreviousRun | null;
  /** Version by component: foldwise, node, onnxruntime, engine … */
  readonly versions: Readonly<Record<string, string>>;
  /** What the data and the folds warned of. */
  readonly warnings: readonly string[];
  /** The resolved pipeline that was run. */
  readonly configuration: StepCall<unknown>['pipeline'];
}

/** SHA-256 of the training rows in their order, whatever their ids and folds are. */
export interface DataDigests {
  /** Of the texts alone. */
  readonly texts: string;
  /** Of texts and labels, with the names of these. */
  readonly rows: string;
}

/** Training rows whose labels are in doubt, by confident learning over the out-of-fold probabilities. */
export interface LabelIssueSummary {
  /** Rows with a label in doubt. */
  readonly rows: number;
  /** Rows by label; where a row has one class, by the class that was given. */
  readonly perLabel: Readonly<Record<string, number>>;
  /** Labels of which it is not shown that the model knows anything: none of their rows is named. */
  readonly unskilled: readonly string[];
  /** The worst rows of all labels, the worst first. */
  readonly worst: readonly WorstLabelIssue[];
}

export interface WorstLabelIssue {
  /** Of the training table, from 1, the header not counted. */
  readonly row: number;
  /** The label in question; where a row has one class, the likeliest other one. */
  readonly label: string;
  /** What the row was given of it: `0` or `1`; else its class. */
  readonly given: string;
  /** Of the label. */
  readonly probability: number;
  /** The probability of what was given. */
  readonly score: number;
}

/** One member of an ensemble: a combination of the values of its matrix's axes. */
export interface MemberResult {
  readonly id: string;
  /** By path of the configuration. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Of this member alone; null where the ensemble does without it. */
  readonly macroF1: Thresholds['macroF1'] | null;
  readonly skippedFolds: readonly number[];
}

/** What a retraining is compared with. */
export interface PreviousRun {
  readonly run: string;
  readonly macroF1: Thresholds['macroF1'];
  /** This run's scores less the earlier run's. */
  readonly change: Thresholds['macroF1'];
}

/** One trained fold, without its files. */
export type FoldResult = Pick<
  TrainedFold,
  | 'fold'
  | 'bestEpoch'
  | 'epochs'
  | 'device'
  | 'precision'
  | 'card'
  | 'threads'
  | 'attempts'
  | 'microBatch'
  | 'seed'
  | 'seconds'
> & {
  /** Of the ensemble, where it has several. */
  readonly member?: string;
};
