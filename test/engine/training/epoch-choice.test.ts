import { describe, expect, it } from 'vitest';
import { choiceWarning, isBetter, notJudged, weigh } from '../../../engine/training/epoch-choice.js';
import type { EpochChoice } from '../../../tasks/task.js';
import type { EpochMetrics } from '../../../engine/training/job.js';

/** Epochs by macro F1 and validation loss. */
const epochs = (...scores: readonly (readonly [number, number])[]): EpochMetrics[] =>
  scores.map(([macroF1, valLoss], i) => ({ epoch: i + 1, trainLoss: 1, valLoss, macroF1 }));

/** The epoch that is kept in the end, as each is judged when it comes. */
function kept(history: readonly EpochMetrics[], bestBy: EpochChoice = 'macroF1'): number {
  let best = 0;
  history.forEach((epoch, i) => {
    if (isBetter(epoch, history.slice(0, i), history[best - 1], { bestBy })) best = epoch.epoch;
  });
  return best;
}

describe('the epoch that is kept', () => {
  it.each([
    ['is the one with the best score', epochs([0.4, 0.5], [0.6, 0.6], [0.5, 0.3]), 2],
    ['is the only one', epochs([0, 0.7]), 1],
    [
      'is the one with the lowest loss where the score is 0',
      epochs([0, 0.66], [0, 0.6], [0, 0.58], [0, 0.59]),
      3,
    ],
    ['is the one with the lowest loss of equal scores', epochs([0.5, 0.6], [0.5, 0.5], [0.4, 0.4]), 2],
    ['is the first of equal scores and losses', epochs([0.5, 0.5], [0.5, 0.5]), 1],
    ['is the one with the lowest loss of scores that hardly differ', epochs([0.5, 0.6], [0.4995, 0.5]), 2],
    ['is not one of a worse score for its loss', epochs([0.5, 0.6], [0.49, 0.1]), 1],
    [
      'does not slide down by small steps',
      epochs([0.5, 0.6], [0.4992, 0.5], [0.4984, 0.4], [0.4976, 0.3]),
      2,
    ],
    ['is one of a clearly better score for all its loss', epochs([0.5, 0.3], [0.502, 0.9]), 2],
  ])('%s', (_, history, expected) => {
    expect(kept(history)).toBe(expected);
  });
});

describe('the epoch that a pipeline chooses by another score', () => {
  const history: EpochMetrics[] = [
    { epoch: 1, trainLoss: 1, valLoss: 0.7, macroF1: 0.6, accuracy: 0.5 },
    { epoch: 2, trainLoss: 1, valLoss: 0.5, macroF1: 0.5, accuracy: 0.6 },
    { epoch: 3, trainLoss: 1, valLoss: 0.4, macroF1: 0.4, accuracy: 0.7 },
    { epoch: 4, trainLoss: 1, valLoss: 0.6, macroF1: 0.3, accuracy: 0.4 },
  ];

  it.each([
    ['macroF1', 1],
    ['accuracy', 3],
    ['valLoss', 3],
    ['last', 4],
  ] as const)('by %s is epoch %i', (bestBy, expected) => {
    expect(kept(history, bestBy)).toBe(expected);
  });

  it('by the loss or the last is never called one by a score that hardly moved', () => {
    const flat = epochs([0.4, 0.6], [0.4, 0.5]);
    expect(choiceWarning(flat, 2, { bestBy: 'valLoss' })).toBeNull();
    expect(choiceWarning(flat, 2, { bestBy: 'last' })).toBeNull();
  });
});

describe('a choice by a score that hardly moved', () => {
  it('is told, with the scores', () => {
    expect(
      choiceWarning(epochs([0.412, 0.66], [0.415, 0.6], [0.413, 0.58]), 3, { bestBy: 'macroF1' }),
    ).toMatch(/hardly moved over the 3 epochs \(0\.412 to 0\.415\).*epoch 3 was kept/);
  });

  it.each([
    ['by a score that moved', epochs([0.4, 0.6], [0.42, 0.5])],
    ['between one epoch', epochs([0.4, 0.6])],
  ])('is not told where it is one %s', (_, history) => {
    expect(choiceWarning(history, 1, { bestBy: 'macroF1' })).toBeNull();
  });
});

describe('an epoch that is judged several times', () => {
  const [first, ...judgements] = epochs([0.5, 0.6], [0.4, 0.7], [0.6, 0.5], [0.55, 0.4]);
  const choice = { bestBy: 'macroF1' } as const;

  it('is kept by the best of them, and stands by it', () => {
    const history = [first!];
    let within = notJudged;
    const kept = judgements.map((metrics, i) => {
      const { better, best } = weigh(metrics, history, 1, within, choice);
      within = { evaluations: i + 1, best, kept: better || within.kept };
      return better;
    });
    expect(kept).toEqual([false, true, false]);
    expect(within).toEqual({ evaluations: 3, best: judgements[1], kept: true });
  });

  it('stands by the best of them where an epoch before it is better than all', () => {
    const better = epochs([0.9, 0.1]);
    const one = weigh(judgements[0]!, better, 1, notJudged, choice);
    expect(one).toEqual({ better: false, best: judgements[0] });
    const two = weigh(judgements[1]!, better, 1, { evaluations: 1, best: one.best, kept: false }, choice);
    expect(two).toEqual({ better: false, best: judgements[1] });
    const three = weigh(judgements[2]!, better, 1, { evaluations: 2, best: two.best, kept: false }, choice);
    expect(three).toEqual({ better: false, best: judgements[1] });
  });
});
