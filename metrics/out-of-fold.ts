import { crossFittedF1 } from './cross-fitted.js';
import { f1PerLabel, mean, support } from './f1.js';
import { predictedRows, selectRows } from './matrix.js';
import { decide, tuneThresholds } from './thresholds.js';

/**
 * How good the out-of-fold predictions are, in three ways; arrays have one entry per label.
 *
 * Where a row has one class, `atHalf` is the plain arg max and `thresholds` are offsets (class-scores.ts).
 */
export interface OutOfFoldScores {
  readonly thresholds: readonly number[];
  readonly macroF1: { readonly atHalf: number; readonly tuned: number; readonly crossFitted: number };
  readonly perLabel: readonly {
    readonly atHalf: number;
    readonly tuned: number;
    readonly crossFitted: number;
    readonly support: number;
    /** False where no threshold gives an F1 above 0; the threshold is then 0.5. */
    readonly tunable: boolean;
    /**
     * Folds whose rows the cross-fitted score judges at 0.5, as nothing could be tuned on the others'. At
     * most the one that holds every findable row of the label; none named where it is not tunable at all.
     */
    readonly untunedFolds: readonly number[];
  }[];
  /** Of rows with one class each. */
  readonly classes?: {
    readonly accuracy: { readonly atHalf: number; readonly tuned: number; readonly crossFitted: number };
    readonly logLoss: number;
    /** Rows by true class, then by the class that the cross-fitted decision gives. */
    readonly confusion: readonly (readonly number[])[];
  };
  /** Rows that no fold predicted; they are left out of everything else. */
  readonly rowsWithoutOof: number;
}

/**
 * Thresholds and scores of out-of-fold predictions.
 *
 * @param probabilities `[rows, width]`; NaN where no fold predicted the row
 * @param labels `[rows, width]`
 * @param folds the fold of each row
 */
export function scoreOutOfFold(
  probabilities: Float32Array,
  labels: Uint8Array,
  folds: Int32Array,
  width: number,
): OutOfFoldScores {
  const rows = predictedRows(probabilities, width);
  const p = selectRows(probabilities, width, rows);
  const y = selectRows(labels, width, rows);
  const atHalf = f1PerLabel(y, decide(p, new Array<number>(width).fill(0.5)), width);
  const tuned = tuneThresholds(p, y, width);
  const crossFitted = crossFittedF1(p, y, selectRows(folds, 1, rows), width);
  const supports = support(y, width);
  return {
    thresholds: tuned.map(({ threshold }) => threshold),
    macroF1: {
      atHalf: mean(atHalf),
      tuned: mean(Float64Array.from(tuned, ({ f1 }) => f1)),
      crossFitted: crossFitted.macro,
    },
    perLabel: tuned.map(({ f1, tuned: tunable }, label) => ({
      atHalf: atHalf[label]!,
      tuned: f1,
      crossFitted: crossFitted.perLabel[label]!,
      support: supports[label]!,
      tunable,
      untunedFolds: tunable ? crossFitted.untunedFolds[label]! : [],
    })),
    rowsWithoutOof: labels.length / width - rows.length,
  };
}
