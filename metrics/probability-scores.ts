import { brierScore, calibrationError } from './calibration.js';
import { argMax } from './classes.js';
import { column } from './matrix.js';
import { rankingScores, type RankingScores } from './ranking.js';

/** How good probabilities are, whatever is decided by them; NaN where one is not defined. */
export interface ProbabilityScores extends RankingScores {
  readonly brier: number;
  readonly calibrationError: number;
}

/** Of each label of `[rows, width]` alone. */
export function probabilityScores(
  probabilities: Float32Array,
  labels: Uint8Array,
  width: number,
): ProbabilityScores[] {
  return Array.from({ length: width }, (_, label) => {
    const [p, y] = [column(probabilities, width, label), column(labels, width, label)];
    return { ...rankingScores(p, y), brier: brierScore(p, y), calibrationError: calibrationError(p, y) };
  });
}

/** Means over the labels for which a score is defined; NaN where it is for none. */
export function meanProbabilityScores(perLabel: readonly ProbabilityScores[]): ProbabilityScores {
  const over = (of: (scores: ProbabilityScores) => number): number => {
    const defined = perLabel.map(of).filter((value) => !Number.isNaN(value));
    return defined.reduce((sum, value) => sum + value, 0) / defined.length;
  };
  return {
    averagePrecision: over((scores) => scores.averagePrecision),
    rocAuc: over((scores) => scores.rocAuc),
    brier: over((scores) => scores.brier),
    calibrationError: over((scores) => scores.calibrationError),
  };
}

/**
 * Of rows with one class each: ranking of each class against all others, as a mean; the Brier score summed over
 * the classes; the calibration of the likeliest class.
 *
 * @param truth the class of each row
 */
export function classProbabilityScores(
  probabilities: Float32Array,
  truth: Int32Array,
  perClass: readonly ProbabilityScores[],
): ProbabilityScores {
  const width = perClass.length;
  const likeliest = argMax(probabilities, width);
  const highest = Float32Array.from(likeliest, (index, row) => probabilities[row * width + index]!);
  const right = likeliest.map((index, row) => Number(index === truth[row]));
  return {
    ...meanProbabilityScores(perClass),
    brier: perClass.reduce((sum, { brier }) => sum + brier, 0),
    calibrationError: calibrationError(highest, right),
  };
}
