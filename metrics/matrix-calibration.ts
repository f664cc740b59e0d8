import { classesOf } from './classes.js';
import {
  bestTemperature,
  calibrated,
  fitCalibrator,
  type CalibrationMethod,
  type Calibrator,
} from './calibrators.js';
import { column } from './matrix.js';
import { logProbabilities } from './offsets.js';

/** How a matrix of probabilities `[rows, width]` is calibrated, each label by a calibrator. */
export interface Calibration {
  /** @param probabilities without NaN */
  readonly fit: (
    method: CalibrationMethod,
    probabilities: Float32Array,
    labels: Uint8Array,
    width: number,
  ) => Calibrator[];
  /** A row with NaN stays one. */
  readonly apply: (
    probabilities: Float32Array,
    width: number,
    calibrators: readonly Calibrator[],
  ) => Float32Array;
}

/** Each label by itself. */
export const labelCalibration: Calibration = {
  fit: (method, probabilities, labels, width) =>
    Array.from({ length: width }, (_, label) =>
      fitCalibrator(method, column(probabilities, width, label), column(labels, width, label)),
    ),
  apply: (probabilities, width, calibrators) => {
    const made = new Float32Array(probabilities.length);
    for (let entry = 0; entry < made.length; entry++)
      made[entry] = calibrated(calibrators[entry % width]!, probabilities[entry]!);
    return made;
  },
};

/**
 * Of rows with one class each: one temperature of all log probabilities, before the softmax; or each class against
 * all others, and then the sum of a row made 1 again, as scikit-learn's `CalibratedClassifierCV`.
 */
export const classCalibration: Calibration = {
  fit: (method, probabilities, labels, width) => {
    if (method !== 'temperature') return labelCalibration.fit(method, probabilities, labels, width);
    const temperature = labels.length === 0 ? 1 : softmaxTemperature(probabilities, labels, width);
    return Array.from({ length: width }, () => ({ temperature }));
  },
  apply: (probabilities, width, calibrators) => {
    const [first] = calibrators;
    if (first === undefined || !('temperature' in first))
      return normalised(labelCalibration.apply(probabilities, width, calibrators), width);
    const made = new Float32Array(probabilities.length);
    const scores = logProbabilities(probabilities);
    for (let start = 0; start < made.length; start += width) {
      const row = scores.subarray(start, start + width);
      const { shares } = softmax(row, 1 / first.temperature);
      made.set(shares, start);
    }
    return made;
  },
};

function softmaxTemperature(probabilities: Float32Array, labels: Uint8Array, width: number): number {
  const scores = logProbabilities(probabilities);
  const truth = classesOf(labels, width);
  return bestTemperature((inverse) => {
    let [first, second] = [0, 0];
    for (let row = 0; row < truth.length; row++) {
      const { mean, variance } = softmax(scores.subarray(row * width, (row + 1) * width), inverse);
      first += mean - scores[row * width + truth[row]!]!;
      second += variance;
    }
    return [first, second];
  });
}

/** The softmax of scaled scores, and by it the mean and the variance of the scores. */
function softmax(
  scores: Float64Array,
  scale: number,
): { readonly shares: Float64Array; readonly mean: number; readonly variance: number } {
  const highest = scores.reduce((leader, score) => Math.max(leader, score), -Infinity);
  const shares = scores.map((score) => Math.exp(scale * (score - highest)));
  const total = shares.reduce((sum, share) => sum + share, 0);
  let [mean, square] = [0, 0];
  for (let index = 0; index < shares.length; index++) {
    shares[index]! /= total;
    mean += shares[index]! * (scores[index]! - highest);
    square += shares[index]! * (scores[index]! - highest) ** 2;
  }
  return { shares, mean: mean + highest, variance: square - mean * mean };
}

/** Every row's sum made 1; alike where it is 0. */
function normalised(rows: Float32Array, width: number): Float32Array {
  for (let start = 0; start < rows.length; start += width) {
    const row = rows.subarray(start, start + width);
    const total = row.reduce((sum, value) => sum + value, 0);
    for (let index = 0; index < width; index++) row[index] = total === 0 ? 1 / width : row[index]! / total;
  }
  return rows;
}
