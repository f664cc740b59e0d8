import { describe, expect, it } from 'vitest';
import { usefulFlops } from '../../../bench/step/flops.js';

const sizes = {
  hiddenSize: 10,
  layers: 2,
  heads: 2,
  intermediateSize: 30,
  vocabulary: 100,
  maxLength: 64,
};

const absolute = { labels: 5, relativePositions: null };
const relative = { labels: 5, relativePositions: { rows: 32, rowOf: (distance: number) => distance + 16 } };

/** Of the pooler and the classifier, per text. */
const head = 6 * (10 * 10 + 10 * 5);
/** Of one layer's weights. */
const weights = 4 * 10 * 10 + 2 * 10 * 30;

describe('the work that a step asks for', () => {
  it.each([
    ['one token: six operations for each weight, and itself to attend to', absolute, [1], 1, 2 * 10],
    ['two texts: tokens add up, pairs only within a text', absolute, [2, 3], 5, (4 + 9) * 2 * 10],
    [
      'relative positions: five distances through two projections, and two more products of each pair',
      relative,
      [3],
      3,
      5 * 2 * 10 * 10 + 9 * 4 * 10,
    ],
  ])('%s', (_, classifier, lengths, tokens, besides) => {
    const layers = 2 * 6 * (tokens * weights + besides);
    expect(usefulFlops(sizes, classifier, lengths)).toBe(layers + lengths.length * head);
  });
});
