import { describe, expect, it } from 'vitest';
import { classWeightsOf } from '../../../engine/training/class-weights.js';
import { tasks } from '../../../tasks/index.js';

const labels = ['joy', 'fear', 'never'];
const targets = [
  [1, 0, 0],
  [1, 0, 0],
  [1, 1, 0],
  [0, 0, 0],
];

describe('the weights of labels', () => {
  it('are none unless asked for', () => {
    expect(classWeightsOf(null, labels, targets, tasks['multi-label'])).toBeNull();
  });

  it('are those given, and 1 where none is', () => {
    expect(classWeightsOf({ fear: 3 }, labels, targets, tasks['multi-label'])).toEqual([1, 3, 1]);
  });

  it('balance each label: as many negatives as there are to a positive', () => {
    const weights = classWeightsOf('balanced', labels, targets, tasks['multi-label']);
    expect(weights).toEqual([1 / 3, 3, 1]);
  });

  it('balance classes as scikit-learn does: rows / (classes · rows of the class)', () => {
    // compute_class_weight('balanced', classes=[0, 1, 2], y=[0, 0, 0, 1, 2, 2]) gives 2/3, 2, 1.
    const oneEach = [0, 0, 0, 1, 2, 2].map((label) => [0, 1, 2].map((index) => Number(index === label)));
    const weights = classWeightsOf('balanced', labels, oneEach, tasks['single-label']);
    expect(weights).toEqual([2 / 3, 2, 1]);
  });
});
