import { describe, expect, it } from 'vitest';
import { DistinctIds } from '../../../data/text-stream/distinct-ids.js';

describe('ids that must be there once', () => {
  it('are told with the row that had one before, however many there are', () => {
    const ids = new DistinctIds();
    for (let row = 1; row <= 20_000; row++) expect(ids.add(`id ${row}`, row)).toBeNull();
    expect([ids.add('id 1', 20_001), ids.add('id 20000', 20_002), ids.add('', 20_003)]).toEqual([
      1,
      20_000,
      null,
    ]);
    expect([ids.add('', 20_004), ids.isFull]).toEqual([20_003, false]);
  });

  it('are looked for among the first ones where memory ends', () => {
    const ids = new DistinctIds(2);
    expect(['a', 'b', 'c', 'c', 'b'].map((id, row) => ids.add(id, row + 1))).toEqual([
      null,
      null,
      null,
      null,
      2,
    ]);
    expect(ids.isFull).toBe(true);
  });
});
