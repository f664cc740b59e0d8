import { crossFit } from './cross-fitted.js';
import { f1PerLabel, mean, support } from './f1.js';
import { predictedRows, selectRows } from './matrix.js';
import { judgedProbabilities, selectNested, type NestedProbabilities } from './nested.js';
import { byThresholds, decide, tuneThresholds } from './thresholds.js';

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
 * @param labels `[rows, width]`
 * @param folds the fold of each row
 */
export function scoreOutOfFold(
  nested: NestedProbabilities,
  labels: Uint8Array,
  folds: Int32Array,
  width: number,
): OutOfFoldScores {
  const rows = predictedRows(nested.final, width);
  const p = selectNested(nested, width, rows);
  const y = selectRows(labels, width, rows);
  const foldOf = selectRows(folds, 1, rows);
  const judged = judgedProbabilities(p, foldOf, width);
  const atHalf = f1PerLabel(y, decide(judged, new Array<number>(width).fill(0.5)), width);
  const tuned = tuneThresholds(p.final, y, width);
  const crossFitted = crossFit(p, y, foldOf, width, byThresholds);
  const honest = f1PerLabel(y, crossFitted.decided, width);
  const supports = support(y, width);
  return {
    thresholds: tuned.map(({ threshold }) => threshold),
    macroF1: {
      atHalf: mean(atHalf),
      tuned: mean(Float64Array.from(tuned, ({ f1 }) => f1)),
      crossFitted: mean(honest),
    },
    perLabel: tuned.map(({ f1, tuned: tunable }, label) => ({
      atHalf: atHalf[label]!,
      tuned: f1,
      crossFitted: honest[label]!,
      support: supports[label]!,
      tunable,
      untunedFolds: tunable
        ? crossFitted.tuned.filter(({ by }) => !by[label]!.tuned).map(({ fold }) => fold)
        : [],
    })),
    rowsWithoutOof: labels.length / width - rows.length,
  };
}
