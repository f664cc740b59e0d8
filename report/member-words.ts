import type { EnsembleMethod } from '../tasks/ensemble.js';
import { change } from './notation.js';
import type { RunResult } from './run-result.js';

/** How the weights of the members came about, in a sentence. */
export const methodWords: Readonly<Record<EnsembleMethod, string>> = {
  mean: 'All members count alike.',
  greedy: 'The weights are those of greedy selection with replacement, by the log loss.',
  simplex: 'The weights are those with the lowest log loss.',
};

/** What the ensemble gains, in a sentence; null where there is nothing to compare it with. */
export function gainWords({ ensemble }: Pick<RunResult, 'ensemble'>): string | null {
  if (ensemble === undefined) return null;
  const { overMean, overBest } = ensemble.gain;
  const parts = [
    ...(overMean === null ? [] : [`${amount(overMean)} over the plain mean of its members`]),
    ...(overBest === null
      ? []
      : [`${amount(overBest)} over the best of them alone, which is chosen in hindsight`]),
  ];
  return parts.length === 0
    ? null
    : `The ensemble gains in cross-fitted macro F1: ${parts.join(', ')}. Its weights and thresholds are chosen on other rows than they are judged on.`;
}

function amount({ macroF1, interval }: { macroF1: number; interval: readonly [number, number] }): string {
  return `${change(macroF1)} (95 % interval ${change(interval[0])} to ${change(interval[1])})`;
}

/** Which members lack folds, and what became of them: a sentence each. */
export function memberNotices({ members = [], ensemble }: Pick<RunResult, 'members' | 'ensemble'>): string[] {
  return members
    .filter(({ skippedFolds }) => skippedFolds.length > 0)
    .map(({ id, skippedFolds }) => {
      const folds = `${skippedFolds.length === 1 ? 'fold' : 'folds'} ${skippedFolds.join(', ')}`;
      const became = Object.hasOwn(ensemble?.weights ?? {}, id)
        ? 'the ensemble has it with its other folds'
        : 'the ensemble does without it';
      return `Member ${id} lacks ${folds}: ${became}.`;
    });
}
