import type { EnsembleDefinition } from './definition.js';
import type { Int8Measure } from './in-int8.js';

/** An ensemble as it lies in a folder: a run's, or one that was handed over. */
export interface StoredEnsemble {
  readonly definition: EnsembleDefinition;
  /** The id of the run that it comes from, and the name of its pipeline. */
  readonly run: string;
  readonly pipeline: string;
  /** What it loses in 8 bits, where that has been measured: of an exported one. */
  readonly int8?: Int8Measure;
  /** What storing weights in float16 changes, where that has been measured. */
  readonly float16?: Float16Measure;
  /** What the tables are called by that it reads and writes. */
  readonly columns: {
    /** Candidates for the column of the texts; the first one that is there is read. */
    readonly text: readonly string[];
    /** A column that must be there; without it: `id` where a table has it, else rows are numbered. */
    readonly id?: string;
    /** Where a row has one class: the column of its name; without it a column of 0 and 1 for each label. */
    readonly target?: string;
  };
}

/** What an ensemble says with weights stored in float16, of the rows that no model of the kind was trained on. */
export interface Float16Measure {
  readonly macroF1: { readonly float32: number; readonly float16: number };
  /** Rows that some fold predicted. */
  readonly rows: number;
  /** Mean and largest change of a probability. */
  readonly change: { readonly mean: number; readonly largest: number };
}
