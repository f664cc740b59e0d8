import { column } from './matrix.js';

/** Counts of a binary decision over rows. */
export interface Confusion {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
  readonly trueNegatives: number;
}

/** Counts over rows of one label; both arrays hold 0 or 1 per row. */
export function confusion(labels: Uint8Array, predictions: Uint8Array): Confusion {
  requireSameLength(labels, predictions);
  const counts = [0, 0, 0, 0];
  for (let row = 0; row < labels.length; row++) counts[2 * labels[row]! + predictions[row]!]!++;
  const [trueNegatives, falsePositives, falseNegatives, truePositives] = counts as [
    number,
    number,
    number,
    number,
  ];
  return { truePositives, falsePositives, falseNegatives, trueNegatives };
}

/** 2TP / (predicted + actual positives), and 0 where that is 0 / 0 (scikit-learn's `zero_division=0`). */
export function f1OfCounts(truePositives: number, predicted: number, actual: number): number {
  const divisor = predicted + actual;
  return divisor === 0 ? 0 : (2 * truePositives) / divisor;
}

/**
 * F1 of one decision from counts of outcomes (see bootstrap.ts), which it knows all of.
 *
 * @param start where the label's counts begin
 */
export function f1OfOutcomes(counts: Float64Array, start: number, kinds: number, decision: number): number {
  const isDecided = 2 << decision;
  let [truePositives, predicted, actual] = [0, 0, 0];
  for (let outcome = 1; outcome < kinds; outcome++) {
    const rows = counts[start + outcome]!;
    const decided = (outcome & isDecided) !== 0;
    if (decided) predicted += rows;
    if ((outcome & 1) === 0) continue;
    actual += rows;
    if (decided) truePositives += rows;
  }
  return f1OfCounts(truePositives, predicted, actual);
}

/** F1 of one label; both arrays hold 0 or 1 per row. */
export function f1(labels: Uint8Array, predictions: Uint8Array): number {
  const { truePositives, falsePositives, falseNegatives } = confusion(labels, predictions);
  return f1OfCounts(truePositives, truePositives + falsePositives, truePositives + falseNegatives);
}

/** F1 of each label of `[rows, width]` matrices of 0 and 1. */
export function f1PerLabel(labels: Uint8Array, predictions: Uint8Array, width: number): Float64Array {
  requireSameLength(labels, predictions);
  return Float64Array.from({ length: width }, (_, label) =>
    f1(column(labels, width, label), column(predictions, width, label)),
  );
}

/** Unweighted mean of the labels' F1. */
export function macroF1(labels: Uint8Array, predictions: Uint8Array, width: number): number {
  return mean(f1PerLabel(labels, predictions, width));
}

/** 0 for an empty array. */
export function mean(values: Float64Array): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Number of positive rows of each label of a `[rows, width]` matrix of 0 and 1. */
export function support(labels: Uint8Array, width: number): Int32Array {
  const counts = new Int32Array(width);
  labels.forEach((label, index) => (counts[index % width]! += label));
  return counts;
}

function requireSameLength(labels: Uint8Array, predictions: Uint8Array): void {
  if (labels.length !== predictions.length) {
    throw new RangeError(`${labels.length} labels, but ${predictions.length} predictions`);
  }
}
