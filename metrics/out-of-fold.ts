import { assessLabels, type Assessment, type ThreeScores } from './assessment.js';
import { drawingOf, type DrawRows, type Interval } from './bootstrap.js';
import { crossFit } from './cross-fitted.js';
import { f1PerLabel, mean, support } from './f1.js';
import { predictedRows, selectRows } from './matrix.js';
import { judgedProbabilities, selectNested, type NestedProbabilities } from './nested.js';
import type { CalibrationOutcome } from './nested-calibration.js';
import { soughtScores, type Sought } from './sought.js';
import { byThresholds, decide, type ThresholdDecider } from './thresholds.js';

/**
 * How good the out-of-fold predictions are, in three ways; arrays have one entry per label.
 *
 * `thresholds` are those for new rows. They are tuned on the out-of-fold rows mixed by the weights that new rows
 * get, as a threshold fits the spread of the probabilities, which the weights make; `tuned` is what they reach
 * there. `atHalf` and `crossFitted` judge the rows of each fold by what was learnt outside of it: the weights of
 * an ensemble, and for `crossFitted` the thresholds too, tuned on the other rows mixed by these weights.
 *
 * Where a row has one class, `atHalf` is the plain arg max and `thresholds` are offsets (class-scores.ts).
 */
export interface OutOfFoldScores {
  readonly thresholds: readonly number[];
  readonly macroF1: ThreeScores;
  readonly perLabel: readonly {
    readonly atHalf: number;
    readonly tuned: number;
    readonly crossFitted: number;
    readonly support: number;
    /** False where no threshold finds a row of the label; the threshold is then 0.5. */
    readonly tunable: boolean;
    /**
     * Folds whose rows the cross-fitted score judges at 0.5, as nothing could be tuned on the others'. At
     * most the one that holds every findable row of the label; none named where it is not tunable at all.
     */
    readonly untunedFolds: readonly number[];
    /** The least and the most that was tuned without a fold; NaN without rows. */
    readonly spread: Interval;
  }[];
  /** Of rows with one class each. */
  readonly classes?: {
    readonly accuracy: ThreeScores;
    readonly logLoss: number;
    /** Rows by true class, then by the class that the cross-fitted decision gives. */
    readonly confusion: readonly (readonly number[])[];
  };
  /** Where thresholds were to reach something else than F1. */
  readonly objectives?: Sought;
  /** Where probabilities were calibrated first, and resamples were drawn. */
  readonly calibration?: CalibrationOutcome;
  /** Where resamples were drawn, and there was a row. */
  readonly assessment?: Assessment;
  /** Rows that no fold predicted; they are left out of everything else. */
  readonly rowsWithoutOof: number;
}

/**
 * Thresholds and scores of out-of-fold predictions.
 *
 * @param labels `[rows, width]`
 * @param folds the fold of each row
 * @param draw the resamples of an assessment; there is none without
 * @param by how thresholds are found
 */
export function scoreOutOfFold(
  nested: NestedProbabilities,
  labels: Uint8Array,
  folds: Int32Array,
  width: number,
  draw?: DrawRows,
  by: ThresholdDecider = byThresholds,
): OutOfFoldScores {
  const rows = predictedRows(nested.final, width);
  const p = selectNested(nested, width, rows);
  const y = selectRows(labels, width, rows);
  const foldOf = selectRows(folds, 1, rows);
  const judged = judgedProbabilities(p, foldOf, width);
  const atHalf = decide(judged, new Array<number>(width).fill(0.5));
  const plain = f1PerLabel(y, atHalf, width);
  const tuned = by.tune(p.final, y, width);
  const thresholds = tuned.map(({ threshold }) => threshold);
  const crossFitted = crossFit(p, y, foldOf, width, by);
  const honest = f1PerLabel(y, crossFitted.decided, width);
  const supports = support(y, width);
  const decided = {
    atHalf,
    tuned: by.decide(p.final, width, tuned),
    crossFitted: crossFitted.decided,
  };
  return {
    thresholds,
    macroF1: {
      atHalf: mean(plain),
      tuned: mean(Float64Array.from(tuned, ({ f1 }) => f1)),
      crossFitted: mean(honest),
    },
    perLabel: tuned.map(({ f1, tuned: tunable }, label) => ({
      atHalf: plain[label]!,
      tuned: f1,
      crossFitted: honest[label]!,
      support: supports[label]!,
      tunable,
      untunedFolds: tunable
        ? crossFitted.tuned.filter((each) => !each.by[label]!.tuned).map(({ fold }) => fold)
        : [],
      spread: spreadOf(crossFitted.tuned.map((each) => each.by[label]!.threshold)),
    })),
    ...(by.objectives === undefined ? {} : { objectives: soughtScores(by.objectives, y, decided) }),
    ...assessed(
      draw && assessLabels({ labels: y, probabilities: judged, ...decided }, width, drawingOf(draw, rows)),
    ),
    rowsWithoutOof: labels.length / width - rows.length,
  };
}

/** The least and the most of what was tuned; NaN of nothing. */
export function spreadOf(tuned: readonly number[]): Interval {
  return tuned.length === 0 ? [NaN, NaN] : [Math.min(...tuned), Math.max(...tuned)];
}

/** An assessment where there is one. */
export function assessed(assessment: Assessment | null | undefined): Pick<OutOfFoldScores, 'assessment'> {
  return assessment == null ? {} : { assessment };
}
