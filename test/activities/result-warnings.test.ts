import { describe, expect, it } from 'vitest';
import type { Dataset, Thresholds, TrainedCell } from '../../activities/contracts.js';
import { resultWarnings } from '../../activities/result-warnings.js';
import { unlearnt } from '../../metrics/nested.js';
import { scoreOutOfFold } from '../../metrics/out-of-fold.js';

const data = { warnings: ['two rows have the same text'] } as unknown as Dataset;
const fold = (number: number, ...warnings: string[]): TrainedCell =>
  ({ member: '', fold: number, warnings }) as unknown as TrainedCell;
const scored = (probabilities: number[], labels: number[], folds: number[]): Thresholds => {
  const { perLabel, macroF1 } = scoreOutOfFold(
    unlearnt(Float32Array.from(probabilities)),
    Uint8Array.from(labels),
    Int32Array.from(folds),
    1,
  );
  return { thresholds: {}, macroF1, perLabel: { fear: perLabel[0]! } };
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

  it('are silent of a label that could be tuned, and of a result that says nothing of it', () => {
    expect(resultWarnings(data, [], sound).slice(1)).toEqual([]);
    const { atHalf, tuned, crossFitted, support } = sound.perLabel['fear']!;
    const former = { ...sound, perLabel: { fear: { atHalf, tuned, crossFitted, support } } };
    expect(resultWarnings(data, [], former).slice(1)).toEqual([]);
  });
});
