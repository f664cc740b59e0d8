import { cutsOf } from './cuts.js';

/** How probabilities are made to be chances. */
export type CalibrationMethod = 'temperature' | 'platt' | 'isotonic';

/** What makes the probability of one label a chance. */
export type Calibrator =
  /** Its logit is divided by this. */
  | { readonly temperature: number }
  /** Its logit becomes slope · logit + intercept. */
  | { readonly slope: number; readonly intercept: number }
  /** Between knots, ascending, it rises from value to value on straight lines; beyond them it stays as it is there. */
  | { readonly knots: readonly number[]; readonly values: readonly number[] };

/** Of no rows: each leaves a probability what it is. */
const identities: Readonly<Record<CalibrationMethod, Calibrator>> = {
  temperature: { temperature: 1 },
  platt: { slope: 1, intercept: 0 },
  isotonic: { knots: [0, 1], values: [0, 1] },
};

/**
 * The calibrator of one label, fitted on rows of which the truth is known.
 *
 * @param probabilities without NaN
 * @param labels 0 or 1 per row
 */
export function fitCalibrator(
  method: CalibrationMethod,
  probabilities: Float32Array,
  labels: Uint8Array,
): Calibrator {
  if (labels.length === 0) return identities[method];
  if (method === 'isotonic') return isotonic(probabilities, labels);
  const logits = Float64Array.from(probabilities, logitOf);
  return method === 'platt' ? platt(logits, labels) : temperatureOf(logits, labels);
}

/** NaN of NaN. */
export function calibrated(calibrator: Calibrator, probability: number): number {
  if ('temperature' in calibrator) return sigmoid(logitOf(probability) / calibrator.temperature);
  if ('slope' in calibrator) return sigmoid(calibrator.slope * logitOf(probability) + calibrator.intercept);
  return interpolated(calibrator, probability);
}

const [least, most] = [2 ** -149, 1 - 2 ** -24];

/** Of 0 that of the least float32 which is more, of 1 that of the greatest which is less. */
export function logitOf(probability: number): number {
  const p = Math.min(most, Math.max(least, probability));
  return Math.log(p / (1 - p));
}

function sigmoid(z: number): number {
  return 1 / (1 + Math.exp(-z));
}

/** A loss's first and second derivative by the inverse of the temperature, in which it is convex. */
export type Slopes = (inverse: number) => readonly [first: number, second: number];

/** What the inverse of a temperature may be, as in scikit-learn. */
const [leastInverse, mostInverse] = [Math.exp(-10), Math.exp(10)];
const mostSteps = 100;

/**
 * The temperature with the lowest log loss (Guo et al., "On calibration of modern neural networks", 2017), by
 * Newton's method within bounds that close in on it.
 */
export function bestTemperature(slopes: Slopes): number {
  let [low, high] = [leastInverse, mostInverse];
  let inverse = 1;
  for (let step = 0; step < mostSteps; step++) {
    const [first, second] = slopes(inverse);
    // As where all scores are alike, and no temperature is better than another.
    if (first === 0) break;
    if (first > 0) high = inverse;
    else low = inverse;
    const newton = inverse - first / second;
    const next = newton > low && newton < high ? newton : Math.sqrt(low * high);
    const isThere = Math.abs(next - inverse) <= 1e-12 * inverse;
    inverse = next;
    if (isThere) break;
  }
  return 1 / inverse;
}

/** 1 where all rows are alike: of those any temperature but the most extreme one is too mild. */
function temperatureOf(logits: Float64Array, labels: Uint8Array): Calibrator {
  if (labels.every((label) => label === labels[0])) return identities.temperature;
  const temperature = bestTemperature((inverse) => {
    let [first, second] = [0, 0];
    for (let row = 0; row < logits.length; row++) {
      const z = logits[row]!;
      const p = sigmoid(inverse * z);
      first += (p - labels[row]!) * z;
      second += p * (1 - p) * z * z;
    }
    return [first, second];
  });
  return { temperature };
}

/**
 * Platt's sigmoid, with his smoothed targets for the truth (Platt, "Probabilistic outputs for support vector
 * machines", 1999), by Newton's method with backtracking (Lin, Lin and Weng, "A note on Platt's probabilistic
 * outputs for support vector machines", 2007).
 */
function platt(logits: Float64Array, labels: Uint8Array): Calibrator {
  const positives = labels.reduce((sum, label) => sum + label, 0);
  const negatives = labels.length - positives;
  const targets = [1 / (negatives + 2), (positives + 1) / (positives + 2)] as const;
  const lossAt = (slope: number, intercept: number): number => {
    let loss = 0;
    for (let row = 0; row < logits.length; row++) {
      const z = slope * logits[row]! + intercept;
      loss += Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - targets[labels[row] as 0 | 1] * z;
    }
    return loss;
  };
  let [slope, intercept] = [0, Math.log((positives + 1) / (negatives + 1))];
  let loss = lossAt(slope, intercept);
  for (let step = 0; step < mostSteps; step++) {
    // The gradient, and the Hessian with a little more on its diagonal: it is singular where all logits are alike.
    let [bySlope, byIntercept, slopes, cross, intercepts] = [0, 0, 1e-12, 0, 1e-12];
    for (let row = 0; row < logits.length; row++) {
      const z = logits[row]!;
      const p = sigmoid(slope * z + intercept);
      const error = p - targets[labels[row] as 0 | 1];
      const weight = p * (1 - p);
      bySlope += error * z;
      byIntercept += error;
      slopes += weight * z * z;
      cross += weight * z;
      intercepts += weight;
    }
    const determinant = slopes * intercepts - cross * cross;
    const towardsSlope = -(intercepts * bySlope - cross * byIntercept) / determinant;
    const towardsIntercept = -(slopes * byIntercept - cross * bySlope) / determinant;
    const descent = bySlope * towardsSlope + byIntercept * towardsIntercept;
    if (!(descent < -1e-14 * Math.max(1, loss))) break;
    let length = 1;
    let next = lossAt(slope + towardsSlope, intercept + towardsIntercept);
    while (next > loss + 1e-4 * length * descent && length > 1e-10) {
      length /= 2;
      next = lossAt(slope + length * towardsSlope, intercept + length * towardsIntercept);
    }
    if (next >= loss) break;
    [slope, intercept, loss] = [slope + length * towardsSlope, intercept + length * towardsIntercept, next];
  }
  return { slope, intercept };
}

/**
 * The isotonic regression of the truth (Zadrozny and Elkan, "Transforming classifier scores into accurate
 * multiclass probability estimates", 2002), as scikit-learn's `IsotonicRegression`: pool adjacent violators over
 * the distinct probabilities, of which those within a level are left out.
 */
function isotonic(probabilities: Float32Array, labels: Uint8Array): Calibrator {
  const { thresholds, predicted, truePositives } = cutsOf(probabilities, labels);
  const places = thresholds.length;
  // Levels from the lowest on: where each ends, its rows and the positive ones of them.
  const [ends, rows, hits] = [new Int32Array(places), new Float64Array(places), new Float64Array(places)];
  let levels = 0;
  for (let place = 0; place < places; place++) {
    const cut = places - 1 - place;
    ends[levels] = place;
    rows[levels] = predicted[cut]! - (predicted[cut - 1] ?? 0);
    hits[levels] = truePositives[cut]! - (truePositives[cut - 1] ?? 0);
    while (levels > 0 && hits[levels]! * rows[levels - 1]! <= hits[levels - 1]! * rows[levels]!) {
      levels--;
      ends[levels] = place;
      rows[levels]! += rows[levels + 1]!;
      hits[levels]! += hits[levels + 1]!;
    }
    levels++;
  }
  const [knots, values]: [number[], number[]] = [[], []];
  for (let level = 0, start = 0; level < levels; start = ends[level]! + 1, level++) {
    for (const place of new Set([start, ends[level]!])) {
      knots.push(thresholds[places - 1 - place]!);
      values.push(hits[level]! / rows[level]!);
    }
  }
  return { knots, values };
}

function interpolated(
  { knots, values }: { readonly knots: readonly number[]; readonly values: readonly number[] },
  x: number,
): number {
  if (Number.isNaN(x)) return NaN;
  let [low, high] = [0, knots.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (knots[middle]! < x) low = middle + 1;
    else high = middle;
  }
  if (low === 0) return values[0]!;
  if (low === knots.length) return values[low - 1]!;
  const [x0, x1, y0, y1] = [knots[low - 1]!, knots[low]!, values[low - 1]!, values[low]!];
  return y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
}
