import { f1OfCounts } from './f1.js';

/** What the threshold of a label is to reach. */
export type Objective =
  /** The highest F1. */
  | 'f1'
  /** The highest F-beta, in which recall counts β² times as much as precision. */
  | { readonly fBeta: number }
  /** The highest recall with at least this precision. */
  | { readonly precision: number }
  /** The highest precision with at least this recall. */
  | { readonly recall: number }
  /** The lowest cost, of so much for each error. */
  | { readonly cost: { readonly falsePositive: number; readonly falseNegative: number } };

/** What a rule that says yes comes to: of so many rows that it gives, and that truly are, so many are both. */
export type OfCounts<T> = (truePositives: number, predicted: number, actual: number) => T;

/** How thresholds are compared by an objective. */
export interface Goal {
  /** The higher, the better; among the same rows. */
  readonly worth: OfCounts<number>;
  /** Which one of equally good thresholds is taken. */
  readonly ties: 'lowest' | 'highest';
  /** Whether the best may be to give a label to no row. */
  readonly mayBeNone: boolean;
  /** Whether the precision or recall is held that must be; of an objective without one it is absent. */
  readonly holds?: OfCounts<boolean>;
}

/** Where what must be held is not, any of it is worth less than all that holds it. */
const missed = 2;

export function goalOf(objective: Objective): Goal {
  if (objective === 'f1') return { worth: f1OfCounts, ties: 'lowest', mayBeNone: false };
  if ('fBeta' in objective) {
    const { fBeta } = objective;
    return { worth: (...counts) => fBetaOfCounts(fBeta, ...counts), ties: 'lowest', mayBeNone: false };
  }
  if ('cost' in objective) {
    const { falsePositive, falseNegative } = objective.cost;
    return {
      worth: (hits, predicted, actual) =>
        -(falsePositive * (predicted - hits) + falseNegative * (actual - hits)),
      ties: 'lowest',
      mayBeNone: true,
    };
  }
  // Of as many hits those with the fewest false alarms, as of a precision there cannot be too much.
  if ('precision' in objective) return holding(precisionOf, recallOf, objective.precision, 'highest');
  return holding(recallOf, precisionOf, objective.recall, 'lowest');
}

/** The most of one score where another is at least what it must be; where it never is, the most of that one. */
function holding(held: OfCounts<number>, sought: OfCounts<number>, least: number, ties: Goal['ties']): Goal {
  const holds: OfCounts<boolean> = (...counts) => held(...counts) >= least;
  return {
    worth: (...counts) => (holds(...counts) ? sought(...counts) : held(...counts) - missed),
    ties,
    mayBeNone: false,
    holds,
  };
}

/** (1 + β²) TP / (β² actual + predicted), and 0 where that is 0 / 0. */
export function fBetaOfCounts(
  beta: number,
  truePositives: number,
  predicted: number,
  actual: number,
): number {
  const divisor = beta * beta * actual + predicted;
  return divisor === 0 ? 0 : ((1 + beta * beta) * truePositives) / divisor;
}

/** 0 where nothing is given. */
function precisionOf(truePositives: number, predicted: number): number {
  return predicted === 0 ? 0 : truePositives / predicted;
}

/** 0 of a label that never occurs. */
function recallOf(truePositives: number, _predicted: number, actual: number): number {
  return actual === 0 ? 0 : truePositives / actual;
}
