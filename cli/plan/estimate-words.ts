import type { Span } from '../../engine/training/fold-estimate.js';
import { amount, duration } from '../../report/notation.js';
import type { MemberEstimate } from './fold-estimates.js';

/** One sentence on what a fold takes, and what that is judged by. */
export function foldWords(estimate: MemberEstimate): string {
  const { member, seconds, bytes, tokensPerText, operationsPerSecond } = estimate;
  const of = member === '' ? '' : ` of ${member}`;
  const basis = `a matrix product timed here (${Math.round(operationsPerSecond / 1e9)} GFLOP/s) and texts of ${Math.round(tokensPerText)} tokens on average`;
  return `A fold${of} takes ${spanWords(seconds)} and ${amount(bytes.least)} to ${amount(bytes.most)} of memory, judged by ${basis}.`;
}

/** What all folds take one after the other; null where of some nothing is known. */
export function spanTogether(estimates: readonly MemberEstimate[], toTrain: number): string | null {
  const folds = estimates.reduce((sum, each) => sum + each.folds, 0);
  if (folds === 0 || folds < toTrain) return null;
  const sum = (end: keyof Span): number =>
    estimates.reduce((all, each) => all + each.folds * each.seconds[end], 0);
  return spanWords({ least: sum('least'), most: sum('most') });
}

function spanWords({ least, most }: Span): string {
  return `${duration(least)} to ${duration(most)}`;
}
