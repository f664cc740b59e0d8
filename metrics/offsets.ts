import { argMax, classesOf, confusionMatrix, f1PerClass } from './classes.js';
import { mean } from './f1.js';
import { foldSplits } from './fold-splits.js';
import { selectRows } from './matrix.js';

/** −2, −1.9 … 2, those near 0 first: of equally good offsets the smallest is taken. */
const grid: readonly number[] = Array.from({ length: 41 }, (_, index) => (index - 20) / 10).sort(
  (a, b) => Math.abs(a) - Math.abs(b) || a - b,
);

/** Sweeps over all classes; a sweep that changes nothing is the last. */
const mostSweeps = 10;

/** An offset of each class, and the macro F1 that they reach on the rows they were tuned on. */
export interface TunedOffsets {
  readonly offsets: readonly number[];
  readonly macroF1: number;
}

/** Log probabilities, to which the offsets are added; of 0 the log of the least float32 that is not. */
export function logProbabilities(probabilities: Float32Array): Float64Array {
  return Float64Array.from(probabilities, (p) => Math.log(Math.max(p, 2 ** -149)));
}

/**
 * Offsets of the classes' log probabilities with the highest macro F1 of the class with the largest sum, by
 * coordinate ascent: class by class the best of a grid, others held. All 0 where nothing does better than the
 * plain arg max.
 *
 * @param probabilities `[rows, width]`, without NaN
 * @param labels one-hot `[rows, width]`
 */
export function tuneOffsets(probabilities: Float32Array, labels: Uint8Array, width: number): TunedOffsets {
  const scores = logProbabilities(probabilities);
  const truth = classesOf(labels, width);
  const scoreOf = (offsets: readonly number[]): number =>
    mean(f1PerClass(confusionMatrix(truth, argMax(scores, width, offsets), width), width));
  let offsets: readonly number[] = new Array<number>(width).fill(0);
  let macroF1 = scoreOf(offsets);
  for (let sweep = 0, changed = true; changed && sweep < mostSweeps; sweep++) {
    changed = false;
    for (let index = 0; index < width; index++) {
      for (const offset of grid) {
        const candidate = offsets.with(index, offset);
        const score = scoreOf(candidate);
        if (score > macroF1) [offsets, macroF1, changed] = [candidate, score, true];
      }
    }
  }
  return { offsets, macroF1 };
}

/**
 * The class of each row where the rows of each fold are judged by offsets tuned on the rows of all other
 * folds; the plain arg max where there are no other folds.
 *
 * @param folds the fold of each row
 */
export function crossFittedClasses(
  probabilities: Float32Array,
  labels: Uint8Array,
  folds: Int32Array,
  width: number,
): Int32Array {
  const classes = new Int32Array(folds.length);
  for (const { inside, outside } of foldSplits(folds)) {
    const { offsets } = tuneOffsets(
      selectRows(probabilities, width, outside),
      selectRows(labels, width, outside),
      width,
    );
    const decided = argMax(logProbabilities(selectRows(probabilities, width, inside)), width, offsets);
    inside.forEach((row, place) => (classes[row] = decided[place]!));
  }
  return classes;
}
