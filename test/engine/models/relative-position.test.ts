import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { logBucket, mpnetBucket, relativeRow } from '../../../engine/models/relative-position.js';

interface Table {
  readonly buckets: number;
  readonly maxPosition: number;
  readonly first: number;
  readonly values: readonly number[];
}

const { tables } = JSON.parse(
  readFileSync(new URL('../../golden/models/buckets.json', import.meta.url), 'utf8'),
) as { tables: Table[] };

describe('the buckets of relative positions', () => {
  it.each(tables.map((table) => [table.buckets, table.maxPosition, table] as const))(
    'equal PyTorch for %i buckets over %i positions',
    (buckets, maxPosition, { first, values }) => {
      values.forEach((expected, i) => {
        expect(logBucket(first + i, buckets, maxPosition), `distance ${first + i}`).toBe(expected);
      });
    },
  );

  it.each(tables.map((table) => [table.buckets, table.maxPosition, table] as const))(
    'give rows of the table, shifted by its half and kept within: %i buckets over %i positions',
    (buckets, maxPosition, { first, values }) => {
      const rows = values.map((_, i) => relativeRow(first + i, { span: buckets, buckets, maxPosition }));
      expect(rows).toEqual(values.map((bucket) => Math.min(Math.max(bucket + buckets, 0), 2 * buckets - 1)));
    },
  );

  it("equal MPNet's", () => {
    const { first, values } = JSON.parse(
      readFileSync(new URL('../../golden/models/mpnet-buckets.json', import.meta.url), 'utf8'),
    ) as Pick<Table, 'first' | 'values'>;
    expect(values.map((_, i) => mpnetBucket(first + i))).toEqual(values);
  });

  it.each([
    [-20, 0],
    [-16, 0],
    [-15, 1],
    [0, 16],
    [15, 31],
    [16, 31],
    [99, 31],
  ])('are the distances themselves without buckets: %i is row %i of 32', (distance, row) => {
    expect(relativeRow(distance, { span: 16, buckets: -1, maxPosition: 16 })).toBe(row);
  });
});
