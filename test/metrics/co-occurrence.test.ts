import { expect, it } from 'vitest';
import { coOccurrence } from '../../metrics/co-occurrence.js';
import { generatedCase, seeded } from './cases.js';

it.each(Array.from({ length: 30 }, (_, seed) => seed))(
  'counts the rows in which two labels are set, as counting them one by one does (case %i)',
  (seed) => {
    const { labels, width, rows } = generatedCase(seed);
    const draw = seeded(seed + 1000);
    const other = labels.map(() => (draw() < 0.6 ? 1 : 0));
    const expected = Array.from({ length: width * width }, (_, pair) => {
      const [a, b] = [Math.floor(pair / width), pair % width];
      return Array.from(
        { length: rows },
        (_, row) => labels[row * width + a]! & other[row * width + b]!,
      ).reduce((sum, both) => sum + both);
    });
    expect(Array.from(coOccurrence(labels, other, width))).toEqual(expected);
  },
);

it('counts whole words of rows, and none', () => {
  expect(Array.from(coOccurrence(new Uint8Array(64).fill(1), new Uint8Array(64).fill(1), 1))).toEqual([64]);
  expect(Array.from(coOccurrence(new Uint8Array(0), new Uint8Array(0), 2))).toEqual([0, 0, 0, 0]);
});
