import { describe, expect, it } from 'vitest';
import { uniform } from '../../../engine/kernels/philox.js';
import type { HostBatch } from '../../../engine/inference/batch.js';
import { groupByLength, packBatch } from '../../../engine/inference/batch.js';
import { goldenClassifier } from '../models/golden-model.js';

/** Has relative positions, a convolution and so neighbours: everything a batch can hold. */
const classifier = goldenClassifier('deberta-v2');
const { heads } = classifier;

/** Texts of the given lengths whose tokens are all different, so that each can be followed. */
function textsOf(lengths: readonly number[]): Int32Array[] {
  let next = 1;
  return lengths.map((length) => Int32Array.from({ length }, () => next++));
}

const drawn = Array.from({ length: 40 }, (_, i) => {
  const draws = uniform(13, [3, 0], [i, 0, 0]);
  const texts = 1 + Math.floor((draws[0] as number) * 12);
  const longest = [1, 4, 20, 70][i % 4] as number;
  return Array.from({ length: texts }, (_, t) => 1 + Math.floor((draws[t + 1] as number) * longest));
});
const lengthsOfBatches = [[1], [1, 1, 1], [9], [1, 30], [5, 5, 5], [2, 2, 2, 2, 40], ...drawn];

const cases = lengthsOfBatches.flatMap((lengths) =>
  ([1, 2] as const).map((groups) => [lengths.join(','), groups, textsOf(lengths)] as const),
);

const bigs = (batch: HostBatch, name: string): number[] =>
  Array.from(batch.feeds[name]?.data as BigInt64Array, Number);
const floats = (batch: HostBatch, name: string): number[] =>
  Array.from(batch.feeds[name]?.data as Float32Array);
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe.each(cases)('texts of %s tokens, in up to %i groups', (_, allowed, texts) => {
  const batch = packBatch(texts, classifier, allowed);
  const ordered = batch.order.map((text) => texts[text] as Int32Array);
  const tokens = ordered.flatMap((text) => [...text]);

  it('stand one after the other in ascending length, each once', () => {
    expect([...batch.order].sort((a, b) => a - b)).toEqual(range(texts.length));
    const lengths = ordered.map((text) => text.length);
    expect(lengths).toEqual([...lengths].sort((a, b) => a - b));
    expect(bigs(batch, 'tokenIds')).toEqual(tokens);
    expect(bigs(batch, 'positions')).toEqual(ordered.flatMap((text) => range(text.length)));
    expect(bigs(batch, 'tokenTypes')).toEqual(tokens.map(() => 0));
    expect(batch.sizes).toMatchObject({ tokens: tokens.length, texts: texts.length });
  });

  it("name each text's first token, and each token's text", () => {
    expect(bigs(batch, 'firstToken').map((row) => tokens[row])).toEqual(ordered.map((text) => text[0]));
    expect(bigs(batch, 'tokenText')).toEqual(ordered.flatMap((text, t) => [...text].map(() => t)));
    expect(floats(batch, 'isFirst')).toEqual(
      ordered.flatMap((text) => [...text].map((_, i) => Number(i === 0))),
    );
  });

  it('are covered by their groups, the lengths within bounds', () => {
    expect(batch.groups.length).toBeLessThanOrEqual(allowed);
    expect(batch.groups.map(({ first }) => first)).toEqual(
      batch.groups.map((_, g) => batch.groups.slice(0, g).reduce((sum, group) => sum + group.batch, 0)),
    );
    expect(batch.groups.reduce((sum, group) => sum + group.batch, 0)).toBe(texts.length);
    for (const { first, batch: count, length } of batch.groups) {
      expect(length).toBe(Math.max(...ordered.slice(first, first + count).map((text) => text.length)));
    }
    expect(batch.sizes['slots']).toBe(batch.groups.reduce((sum, g) => sum + g.batch * g.length, 0));
  });

  it('have each token in one slot, and come back from there', () => {
    const [slotToken, tokenSlot] = [bigs(batch, 'slotToken'), bigs(batch, 'tokenSlot')];
    expect(tokenSlot.map((slot) => slotToken[slot])).toEqual(range(tokens.length));
    expect(new Set(tokenSlot).size).toBe(tokens.length);
    const real = new Set(tokenSlot);
    expect(floats(batch, 'slotMask')).toEqual(slotToken.map((_, slot) => Number(real.has(slot))));
    expect(slotToken.every((token) => token < tokens.length)).toBe(true);
  });

  it("mask the keys beyond a text's end for every head", () => {
    batch.groups.forEach(({ first, batch: count, length }, g) => {
      const ends = ordered.slice(first, first + count).map((text) => text.length);
      const once = ends.flatMap((end) => range(length).map((place) => place >= end));
      const mask = batch.feeds[`keyMask.${g}`];
      expect(mask?.shape).toEqual([heads * count, 1, length]);
      expect(floats(batch, `keyMask.${g}`).map((value) => value < -1e8)).toEqual(
        range(heads).flatMap(() => once),
      );
      expect(floats(batch, `keyMask.${g}`).every((value) => value === 0 || value < -1e8)).toBe(true);
    });
  });

  it('name the neighbours within a text, and none across its ends', () => {
    for (const distance of classifier.neighbours) {
      const index = bigs(batch, `neighbour.${distance}`);
      const expected = ordered.flatMap((text) => [...text].map((_, place) => text[place + distance] ?? null));
      const mask = floats(batch, `neighbourMask.${distance}`);
      expect(mask).toEqual(expected.map((token) => Number(token !== null)));
      expect(index.map((row, token) => (mask[token] === 1 ? tokens[row] : null))).toEqual(expected);
    }
  });

  it('give every distance of a window its bucket among those in use, in either order', () => {
    const positions = classifier.relativePositions ?? { rows: 0, rowOf: () => NaN };
    const { bucketFrom, bucketTo, buckets, bucketsAfter } = batch.sizes as Record<string, number>;
    expect(buckets).toBe((bucketTo as number) - (bucketFrom as number));
    expect(bucketsAfter).toBe(positions.rows - (bucketTo as number));
    batch.groups.forEach(({ length }, g) => {
      const distances = range(2 * length - 1).map((row) => row - length + 1);
      const expected = distances.map((distance) => positions.rowOf(distance) - (bucketFrom as number));
      expect(rowsOf(batch, `spread.ascending.${g}`)).toEqual([...expected, null]);
      expect(rowsOf(batch, `spread.descending.${g}`)).toEqual([...expected.reverse(), null]);
    });
  });
});

/** The column of the one in each one-hot row; null where all are zero. */
function rowsOf(batch: HostBatch, name: string): (number | null)[] {
  const width = batch.feeds[name]?.shape[1] as number;
  const entries = floats(batch, name);
  return range(entries.length / width).map((row) => {
    const ones = range(width).filter((column) => entries[row * width + column] !== 0);
    if (ones.length > 1 || ones.some((column) => entries[row * width + column] !== 1)) return NaN;
    return ones[0] ?? null;
  });
}

describe('the rows of the relative embeddings', () => {
  it('never descend as the distance grows, so those in use are one range', () => {
    for (const model of ['deberta-v3', 'deberta-v2', 'deberta-c2p']) {
      const positions = goldenClassifier(model).relativePositions;
      const rows = range(401).map((i) => positions?.rowOf(i - 200) ?? NaN);
      expect(rows).toEqual([...rows].sort((a, b) => a - b));
      expect(rows.every((row) => row >= 0 && row < (positions?.rows ?? 0))).toBe(true);
    }
  });
});

describe('what some families ask for besides', () => {
  const texts = textsOf([2, 9, 3, 8]);

  it('positions begin behind that of padding, which does not count', () => {
    const counted = { ...classifier, positions: { first: 4, skipped: 7 } };
    const batch = packBatch([Int32Array.of(5, 7, 6, 7, 7, 9), Int32Array.of(7, 1)], counted, 1);
    expect(bigs(batch, 'positions')).toEqual([3, 4, 4, 3, 5, 3, 3, 6]);
  });

  it('local attention sees a window of the keys on either side, in each group', () => {
    const batch = packBatch(texts, { ...classifier, window: 2 }, 2);
    expect(batch.groups).toHaveLength(2);
    batch.groups.forEach(({ length }, g) => {
      const seen = floats(batch, `windowMask.${g}`).map((value) => value === 0);
      expect(seen).toEqual(
        range(length).flatMap((query) => range(length).map((key) => Math.abs(query - key) <= 2)),
      );
    });
    expect(packBatch(texts, classifier, 2).feeds['windowMask.0']).toBeUndefined();
  });

  it('a mean takes the same share of every token of a text, and none of padding', () => {
    const batch = packBatch(texts, { ...classifier, averaged: true }, 2);
    const shares = (ends: readonly number[], length: number): number[] =>
      ends.flatMap((end) => range(length).map((place) => (place < end ? Math.fround(1 / end) : 0)));
    expect(floats(batch, 'share.0')).toEqual(shares([2, 3], 3));
    expect(floats(batch, 'share.1')).toEqual(shares([8, 9], 9));
    expect(packBatch(texts, classifier, 2).feeds['share.0']).toBeUndefined();
  });

  it('buckets that do not ascend with the distance are all among those in use', () => {
    const positions = goldenClassifier('mpnet-1').relativePositions;
    const batch = packBatch(texts, { ...classifier, relativePositions: positions }, 1);
    expect(batch.sizes).toMatchObject({ bucketFrom: 0, bucketTo: 25, buckets: 25, bucketsAfter: 7 });
    expect(rowsOf(batch, 'spread.ascending.0')).toEqual([
      ...range(17).map((row) => positions?.rowOf(row - 8)),
      null,
    ]);
  });
});

describe('a second group', () => {
  const scores = (groups: readonly { batch: number; length: number }[]): number =>
    groups.reduce((sum, { batch, length }) => sum + batch * length * length, 0);

  it.each([
    ['one text', [7], 1],
    ['texts of one length', [6, 6, 6, 6], 1],
    ['lengths that differ a little', [9, 9, 10, 10], 1],
    ['one long text among short ones', [3, 3, 3, 3, 60], 2],
    ['two lengths far apart', [2, 50], 2],
    ['two lengths close together', [9, 10], 1],
  ])('of %s', (_, lengths, expected) => {
    expect(groupByLength(lengths)).toHaveLength(expected);
  });

  it.each(drawn.map((lengths) => [[...lengths].sort((a, b) => a - b)]))(
    'is made exactly where the best cut leaves under three quarters of the scores: %j',
    (lengths) => {
      const longest = lengths[lengths.length - 1] as number;
      const cuts = range(lengths.length - 1).map((i) =>
        scores([
          { batch: i + 1, length: lengths[i] as number },
          { batch: lengths.length - i - 1, length: longest },
        ]),
      );
      const whole = lengths.length * longest * longest;
      const groups = groupByLength(lengths);
      expect(groups.length).toBe(Math.min(...cuts, Infinity) < 0.75 * whole ? 2 : 1);
      expect(scores(groups)).toBe(groups.length === 2 ? Math.min(...cuts) : whole);
    },
  );
});
