import type { Interval } from './bootstrap.js';
import { binOf, calibrationBins } from './calibration.js';

/** The rows whose probabilities lie in one bin. */
export interface ReliabilityBin {
  /** Its edges; the upper one belongs to it. */
  readonly from: number;
  readonly to: number;
  readonly rows: number;
  readonly meanProbability: number;
  /** The share of the rows of which it was true. */
  readonly happened: number;
}

/** The bins of a reliability diagram that hold rows, by probability: those of the calibration error. */
export function reliabilityBins(
  probabilities: ArrayLike<number>,
  happened: ArrayLike<number>,
): ReliabilityBin[] {
  const [rows, sums, positives] = Array.from({ length: 3 }, () => new Float64Array(calibrationBins));
  for (let row = 0; row < happened.length; row++) {
    const bin = binOf(probabilities[row]!);
    rows![bin]! += 1;
    sums![bin]! += probabilities[row]!;
    positives![bin]! += happened[row]!;
  }
  return Array.from(rows!, (count, bin) => ({
    from: bin / calibrationBins,
    to: (bin + 1) / calibrationBins,
    rows: count,
    meanProbability: sums![bin]! / count,
    happened: positives![bin]! / count,
  })).filter((bin) => bin.rows > 0);
}

/** The 97.5 % point of the normal distribution. */
const z = 1.959963984540054;

/**
 * The 95 % interval of a share of rows, by its score test (Wilson, "Probable inference, the law of succession, and
 * statistical inference", 1927).
 */
export function shareInterval(share: number, rows: number): Interval {
  const centre = share + (z * z) / (2 * rows);
  const reach = z * Math.sqrt((share * (1 - share)) / rows + (z / (2 * rows)) ** 2);
  const whole = 1 + (z * z) / rows;
  return [Math.max(0, (centre - reach) / whole), Math.min(1, (centre + reach) / whole)];
}
