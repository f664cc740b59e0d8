import { describe, expect, it } from 'vitest';
import type { Dataset, Thresholds, TrainedCell } from '../../activities/outputs.js';
import { resultWarnings } from '../../activities/result-warnings.js';
import { unlearnt } from '../../metrics/nested.js';
import { drawnByRule } from '../metrics/cases.js';
import { scoreOutOfFold } from '../../metrics/out-of-fold.js';

const data = { warnings: ['two rows have the same text'] } as unknown as Dataset;
const fold = (number: number, ...warnings: string[]): TrainedCell =>
  ({ member: '', fold: number, warnings }) as unknown as TrainedCell;
const scored = (probabilities: number[], labels: number[], folds: number[]): Thresholds => {
  const { thresholds, perLabel, macroF1, assessment } = scoreOutOfFold(
    unlearnt(Float32Array.from(probabilities)),
    Uint8Array.from(labels),
    Int32Array.from(folds),
    1,
    drawnByRule,
  );
  return {
    thresholds: { fear: thresholds[0]! },
    macroF1,
    perLabel: { fear: perLabel[0]! },
    assessment: { ...assessment!, perLabel: { fear: assessment!.perLabel[0]! } },
  };
};
const sound = scored([0.9, 0.1, 0.9, 0.1], [1, 0, 1, 0], [1, 1, 2, 2]);

describe('the warnings of a result', () => {
  it('are those of the data and of the folds, a text that several folds say told once', () => {
    expect(resultWarnings(data, [fold(1, 'a'), fold(2, 'b', 'a'), fold(3)], sound)).toEqual([
      'two rows have the same text',
      'folds 1, 2: a',
      'fold 2: b',
    ]);
  });

  it.each([
    ['never occurs', [0.2, 0.9, 0.3, 0.4], [0, 0, 0, 0]],
    ['is never found', [0.01, 0.02, 0.3, 0.4], [1, 1, 0, 0]],
  ])('name a label that %s, once', (_, probabilities, labels) => {
    expect(resultWarnings(data, [], scored(probabilities, labels, [1, 2, 1, 2])).slice(1)).toEqual([
      'The label "fear" could not be tuned: no threshold gives it an F1 above 0, so it is 0.5.',
    ]);
  });

  it('name the fold without which a label cannot be tuned', () => {
    const alone = scored([0.9, 0.8, 0.3, 0.4], [1, 1, 0, 0], [2, 2, 1, 1]);
    expect(resultWarnings(data, [], alone).slice(1)).toEqual([
      'The label "fear" could not be tuned on every choice of folds: the cross-fitted score judges fold 2 at 0.5.',
    ]);
  });

  it('name a label that is better always predicted', () => {
    const unknown = scored([0.3, 0.3, 0.3, 0.3], [1, 0, 1, 0], [1, 1, 2, 2]);
    expect(resultWarnings(data, [], unknown).slice(1)).toEqual([
      'No threshold that was tried gives the label "fear" a higher F1 than always saying yes does.',
    ]);
  });

  it('name a label whose threshold is the least that is tried, or the most', () => {
    const low = scored([0.12, 0.11, 0.05, 0.04], [1, 1, 0, 0], [1, 2, 1, 2]);
    expect(low.thresholds['fear']).toBe(0.1);
    const high = scored([0.95, 0.93, 0.88, 0.86], [1, 1, 0, 0], [1, 2, 1, 2]);
    expect(high.thresholds['fear']).toBe(0.9);
    for (const each of [low, high]) {
      expect(resultWarnings(data, [], each).slice(1)).toEqual([
        'The threshold of the label "fear" is the least or the most that is tried (0.1, 0.9): one beyond it may be better.',
      ]);
    }
  });

  it('are silent of a label that could be tuned, and of a result that says nothing of it', () => {
    expect(resultWarnings(data, [], sound).slice(1)).toEqual([]);
    const { atHalf, tuned, crossFitted, support } = sound.perLabel['fear']!;
    const former = { ...sound, perLabel: { fear: { atHalf, tuned, crossFitted, support } } };
    expect(resultWarnings(data, [], former).slice(1)).toEqual([]);
  });

  it('name labels of which what was asked for is not held, or only where it was tuned', () => {
    const three = { atHalf: 0, tuned: 0, crossFitted: 0 };
    const sought = (tuned: boolean) => ({
      ...{ objective: { precision: 0.9 }, score: three, precision: three, recall: three },
      held: { tuned, crossFitted: false },
    });
    const warned = (tuned: boolean) =>
      resultWarnings(data, [], { ...sound, objectives: { macro: three, perLabel: { fear: sought(tuned) } } });
    expect(warned(false).slice(1)).toEqual([
      'No threshold holds the precision or recall that was asked of the label "fear": the one that comes nearest is taken.',
    ]);
    expect(warned(true).slice(1)).toEqual([
      'The precision or recall that was asked of the label "fear" is held on the rows that the threshold was tuned on, and not by the cross-fitted decisions: new rows may not hold it.',
    ]);
  });
});
