import { describe, expect, it } from 'vitest';
import { shareMatrix } from '../../report/share-matrix.js';

/** Rows that have both labels, of 10 that have each. */
const both = (row: number, column: number): number => (row + 2 * column) % 10;
const drawn = (width: number, symmetric = false): string =>
  shareMatrix({
    label: 'Both',
    corner: 'label',
    names: Array.from({ length: width }, (_, i) => `<l${i}>`),
    share: (row, column) => (row === column ? 0 : both(row, column) / 10),
    text: (row, column) => `${both(row, column)}/10`,
    rank: both,
    symmetric,
  }).text;

describe('a matrix of labels by labels', () => {
  it('is a table where it is narrow, shaded by the share', () => {
    const page = drawn(3);
    expect(page.match(/<td class="h\d+">/g)).toEqual(
      [0, 2, 4, 1, 0, 5, 2, 4, 0].map((shade) => `<td class="h${shade}">`),
    );
    expect(page).toContain('>4/10<');
    expect(page).toContain('&lt;l2&gt;');
  });

  it('is a picture with its foremost pairs where it is wider, and the pairs alone where a cell is no pixel', () => {
    const page = drawn(40);
    expect(page.match(/<svg/g)).toHaveLength(1);
    expect(page.match(/<tr><th scope="row"/g)!.length).toBe(20);
    expect(page).toContain('>90.0 %<');
    expect(drawn(300)).not.toContain('<svg');
    expect(drawn(200).length).toBeLessThan(1_000_000);
  });

  it('names a pair once where it is the same the other way round, and says so where there is none', () => {
    const pairs = [...drawn(13, true).matchAll(/&lt;l(\d+)&gt;<\/th><td class="text">&lt;l(\d+)&gt;/g)];
    expect(pairs.length).toBe(20);
    expect(pairs.every(([, row, column]) => Number(row) < Number(column))).toBe(true);
    const none = shareMatrix({
      label: 'None',
      corner: 'label',
      names: Array.from({ length: 20 }, (_, i) => `l${i}`),
      share: () => 0,
      text: () => '0',
      rank: () => 0,
      symmetric: false,
    }).text;
    expect(none).toContain('No pair at all.');
  });
});
