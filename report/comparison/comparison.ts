import type { Difference } from '../../metrics/difference.js';
import type { RunResult } from '../run-result.js';

/** Two runs or more held against the first of them: what the page and the terminal show. */
export interface Comparison {
  /** In the order in which they were named; the first one is the base of every pair. */
  readonly runs: readonly ComparedRun[];
  readonly pairs: readonly RunPair[];
  /** What the runs do not share. */
  readonly settings: readonly Differing[];
  readonly versions: readonly Differing[];
}

export interface ComparedRun {
  readonly result: RunResult;
  /** Of its steps together, those of reused ones being 0. */
  readonly seconds: number;
  /** Of its folds together, whenever they were trained. */
  readonly trainingSeconds: number;
}

/** A run held against the base. */
export interface RunPair {
  readonly base: string;
  readonly run: string;
  readonly rows: RowCounts;
  /** How many the shared rows are of, where either run held rows out by groups: then these are resampled. */
  readonly groups: number | null;
  readonly labels: {
    /** By which the two are compared. */
    readonly shared: readonly string[];
    readonly onlyBase: readonly string[];
    readonly onlyRun: readonly string[];
  };
  /** Cross-fitted macro F1 over the shared rows and labels. */
  readonly macro: Difference;
  /** Of the shared labels. */
  readonly perLabel: readonly (Difference & { readonly label: string; readonly support: number })[];
}

/** What became of the rows of two tables. */
export interface RowCounts {
  /** By which the two are compared. */
  readonly shared: number;
  readonly onlyBase: number;
  readonly onlyRun: number;
  /** In both tables, but without a prediction of one of the runs. */
  readonly unjudged: number;
  /** In both tables, but with other labels. */
  readonly otherTruth: number;
}

/** Something that runs do not share, by its name or path: a value for each run, undefined where it has none. */
export interface Differing {
  readonly path: string;
  readonly values: readonly unknown[];
}
