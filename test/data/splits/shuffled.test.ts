import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assignFolds } from '../../../data/splits/folds.js';
import { shuffledKFold } from '../../../data/splits/shuffled.js';

interface RandomCase {
  readonly rows: number;
  readonly count: number;
  readonly seed: number;
  readonly folds: number[];
}
const file = join(import.meta.dirname, '../../golden/splits/expected.json');
const { random } = JSON.parse(readFileSync(file, 'utf8')) as { random: RandomCase[] };

describe('shuffledKFold equals scikit-learn’s shuffled KFold row for row', () => {
  it.each(random)('for $rows rows in $count folds from seed $seed', ({ rows, count, seed, folds }) => {
    expect([...shuffledKFold(rows, { count, seed }).folds]).toEqual(folds);
  });

  it('refuses more folds than rows', () => {
    expect(() => shuffledKFold(3, { count: 4, seed: 1 })).toThrow(/more folds than training rows; found 4/);
  });
});

describe('where every combination of labels is unique', () => {
  /** Row n holds n in binary, so that all differ. */
  const rows = {
    labels: Uint8Array.from({ length: 40 * 6 }, (_, place) => (Math.floor(place / 6) >> (place % 6)) & 1),
    width: 6,
  };

  it('stratifying is refused, and the message says which strategy to take', () => {
    expect(() => assignFolds(rows, { strategy: 'stratified', count: 3, seed: 42 })).toThrow(
      /every combination of labels occurs in one training row only.*Set `folds\.strategy: random`/,
    );
  });

  it('folds at random are dealt out', () => {
    const { repeats } = assignFolds(rows, { strategy: 'random', count: 3, seed: 42 });
    const sizes = [1, 2, 3].map((fold) => repeats[0]!.filter((of) => of === fold).length);
    expect(sizes).toEqual([14, 13, 13]);
  });
});
