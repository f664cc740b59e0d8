import type { DrawRows } from '../metrics/bootstrap.js';
import type { Calibration } from '../metrics/matrix-calibration.js';
import type { NestedProbabilities } from '../metrics/nested.js';
import type { ScoreCalibration } from '../metrics/nested-calibration.js';
import type { OutOfFoldScores } from '../metrics/out-of-fold.js';

/** What a row may be: any number of labels, or exactly one of several classes. */
export type TaskName = 'multi-label' | 'single-label';

/** Scores of held-out rows that are told of each epoch. */
export type EpochScoreName = 'macroF1' | 'accuracy' | 'valLoss';

/** What picks the epoch that is kept: one of its scores, or that it is the last. */
export type EpochChoice = EpochScoreName | 'last';

/** A row that was probably given a wrong label. Labels by their place. */
export interface LabelIssue {
  readonly row: number;
  /** The label in question; of classes, the likeliest other one. */
  readonly label: number;
  /** What the row was given of it, 0 or 1; of classes, the row's class. */
  readonly given: number;
  /** Of the label. */
  readonly probability: number;
  /** The probability of what was given: the lower, the more it is in doubt. */
  readonly score: number;
}

/**
 * Everything that depends on what a row may be. Engine, activities and report ask the task; none of them
 * decides it by itself.
 *
 * Truth is 0 or 1 per row and label, `[rows, width]`; of a single-label row exactly one is 1. Matrices are
 * row-major.
 */
export interface Task {
  readonly name: TaskName;
  /** As transformers' configurations name it. */
  readonly problemType: 'multi_label_classification' | 'single_label_classification';
  /** The loss that is trained, by its name in the engine. */
  readonly loss: 'binaryCrossEntropy' | 'softmaxCrossEntropy';
  /** Probabilities of logits, computed in float64. */
  activate(logits: Float32Array, width: number): Float32Array;
  /** That loss of logits, in float64, whatever options shape the training's; 0 for no rows. */
  lossOf(logits: Float32Array, truth: Uint8Array, width: number): number;
  /**
   * What a positive of each label counts where rare labels are to weigh as much as frequent ones; 1 of a label
   * without any.
   *
   * @param positives of each label, of so many rows
   */
  balancedWeights(positives: readonly number[], rows: number): readonly number[];
  /** What the probabilities gave what truly happened: an entry per observation (see metrics/mixture.ts). */
  likelihoods(probabilities: Float32Array, truth: Uint8Array, width: number): Float32Array;
  /**
   * Decisions, 0 or 1 per row and label.
   *
   * @param tuned per label what `scoreOutOfFold` tuned: a threshold of the probability, or an offset of its
   *   logarithm; without it decisions are those before anything is tuned
   */
  decide(probabilities: Float32Array, width: number, tuned?: readonly number[]): Uint8Array;
  /**
   * Tunes the decisions on out-of-fold predictions, and scores them (see metrics/out-of-fold.ts).
   *
   * @param folds the fold of each row
   * @param draw the resamples of its assessment; there is none without
   */
  scoreOutOfFold(
    nested: NestedProbabilities,
    truth: Uint8Array,
    folds: Int32Array,
    width: number,
    draw?: DrawRows,
  ): OutOfFoldScores;
  /**
   * The cross-fitted decisions that it scores: the rows of each fold decided by what is tuned outside of it.
   *
   * @param nested without NaN
   */
  decideOutOfFold(
    nested: NestedProbabilities,
    truth: Uint8Array,
    folds: Int32Array,
    width: number,
  ): Uint8Array;
  /**
   * Rows that were probably given a wrong label, by label; of classes, by the class that was given. The worst
   * first (metrics/confident-learning.ts).
   *
   * @param probabilities out of fold, without NaN
   */
  findLabelIssues(probabilities: Float32Array, truth: Uint8Array, width: number): readonly Int32Array[];
  /** One of these rows, of that label. */
  labelIssue(
    probabilities: Float32Array,
    truth: Uint8Array,
    width: number,
    label: number,
    row: number,
  ): LabelIssue;
  /** How its probabilities are calibrated. */
  readonly calibration: Calibration;
  /** How far probabilities are from what happens. */
  readonly scoreCalibration: ScoreCalibration;
  /** What people are told, in words. */
  readonly words: {
    /** F1 before anything is tuned, as a column of a table. */
    readonly plain: string;
    /** The same within a sentence: `0.610 at 0.5`. */
    readonly untuned: string;
    /** Decisions before anything is tuned, as the caption of a score. */
    readonly undecided: string;
    /** What is tuned for each label. */
    readonly tuned: string;
    /** The best that macro F1 comes to without looking at a text, as the subject of a sentence. */
    readonly noSkill: string;
    /** The decision by which a label alone gets the most without skill, as a column of a table. */
    readonly always: string;
  };
  /** What else than the loss is told of each epoch: of decisions before anything is tuned. */
  epochScores(
    probabilities: Float32Array,
    truth: Uint8Array,
    width: number,
  ): Readonly<Partial<Record<Exclude<EpochScoreName, 'valLoss'>, number>>> & { readonly macroF1: number };
  /** What is wrong with a row of which so many labels are 1, in words; null where the task takes it. */
  faultOf(ones: number): string | null;
}
