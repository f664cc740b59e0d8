import { leastProbability } from './calibration.js';
import { f1OfCounts } from './f1.js';

/** The class of each row of one-hot rows `[rows, width]`. */
export function classesOf(labels: Uint8Array, width: number): Int32Array {
  const classes = new Int32Array(labels.length / width);
  for (let row = 0; row < classes.length; row++) {
    classes[row] = labels.subarray(row * width, (row + 1) * width).indexOf(1);
  }
  return classes;
}

/** 1 in the column of each row's class, 0 elsewhere. */
export function oneHot(classes: Int32Array, width: number): Uint8Array {
  const rows = new Uint8Array(classes.length * width);
  classes.forEach((label, row) => (rows[row * width + label] = 1));
  return rows;
}

/**
 * The class with the largest score of each row of `[rows, width]`, the first of equals; with `offsets`, one
 * added to each class's score first.
 */
export function argMax(
  scores: Float32Array | Float64Array,
  width: number,
  offsets?: readonly number[],
): Int32Array {
  const classes = new Int32Array(scores.length / width);
  for (let row = 0; row < classes.length; row++) {
    let best = -Infinity;
    for (let index = 0; index < width; index++) {
      const score = scores[row * width + index]! + (offsets?.[index] ?? 0);
      if (score > best) [best, classes[row]] = [score, index];
    }
  }
  return classes;
}

/** Rows by true and predicted class: entry `[truth · width + predicted]`. */
export function confusionMatrix(truth: Int32Array, predicted: Int32Array, width: number): Int32Array {
  const counts = new Int32Array(width * width);
  truth.forEach((label, row) => (counts[label * width + predicted[row]!]! += 1));
  return counts;
}

/** Share of the rows whose class was found; 0 without rows. */
export function accuracy(truth: Int32Array, predicted: Int32Array): number {
  if (truth.length === 0) return 0;
  return truth.reduce((right, label, row) => right + Number(label === predicted[row]), 0) / truth.length;
}

/**
 * F1 of each class against all others, from a confusion matrix; 0 where it is 0 / 0. A class that neither
 * occurs nor is predicted counts too, as in scikit-learn's scores where `labels` is given.
 */
export function f1PerClass(confusion: Int32Array, width: number): Float64Array {
  const row = (index: number): number =>
    confusion.subarray(index * width, (index + 1) * width).reduce(sum, 0);
  const column = (index: number): number =>
    confusion.filter((_, entry) => entry % width === index).reduce(sum, 0);
  return Float64Array.from({ length: width }, (_, index) =>
    f1OfCounts(confusion[index * width + index]!, column(index), row(index)),
  );
}

/**
 * Mean of −log of the probability of the true class, probabilities held within float32's step at 1 of 0 and
 * 1, as scikit-learn's `log_loss` does for float32.
 *
 * @param probabilities `[rows, width]`
 */
export function logLoss(truth: Int32Array, probabilities: Float32Array, width: number): number {
  let loss = 0;
  truth.forEach((label, row) => {
    loss -= Math.log(
      Math.min(1 - leastProbability, Math.max(leastProbability, probabilities[row * width + label]!)),
    );
  });
  return truth.length === 0 ? 0 : loss / truth.length;
}

function sum(total: number, value: number): number {
  return total + value;
}
