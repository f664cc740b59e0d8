import type { Classifier } from '../models/family.js';
import { MASKED } from '../nn/packing.js';
import type { ElementArray, ElementType } from '../runtime/runtime.js';

/** A graph input as the host feeds it. */
export interface Feed {
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data: ElementArray;
}

/** Texts `first` … `first + batch − 1` of the batch, padded to `length`. */
export interface TextGroup {
  readonly first: number;
  readonly batch: number;
  readonly length: number;
}

export const int64 = (data: BigInt64Array): Feed => ({ type: 'int64', shape: [data.length], data });
export const column = (data: Float32Array): Feed => ({ type: 'float32', shape: [data.length, 1], data });

/** Scores of padded keys, the same for every head. */
export function keyMaskFeeds(
  lengths: readonly number[],
  groups: readonly TextGroup[],
  heads: number,
): Record<string, Feed> {
  return Object.fromEntries(
    groups.map(({ first, batch, length }, g) => {
      const data = new Float32Array(heads * batch * length);
      for (let head = 0; head < heads; head++) {
        for (let text = 0; text < batch; text++) {
          const start = (head * batch + text) * length;
          data.fill(MASKED, start + (lengths[first + text] ?? 0), start + length);
        }
      }
      return [`keyMask.${g}`, { type: 'float32', shape: [heads * batch, 1, length], data }];
    }),
  );
}

/** Scores of keys beyond the window of local attention. */
export function windowFeeds(groups: readonly TextGroup[], window: number | null): Record<string, Feed> {
  if (window === null) return {};
  return Object.fromEntries(
    groups.map(({ length }, g) => {
      const data = new Float32Array(length * length).fill(MASKED);
      for (let query = 0; query < length; query++) {
        const start = query * length;
        data.fill(0, start + Math.max(0, query - window), start + Math.min(length, query + window + 1));
      }
      return [`windowMask.${g}`, { type: 'float32', shape: [length, length], data }];
    }),
  );
}

/** Each token's share in the mean of its text. */
export function shareFeeds(lengths: readonly number[], groups: readonly TextGroup[]): Record<string, Feed> {
  return Object.fromEntries(
    groups.map(({ first, batch, length }, g) => {
      const data = new Float32Array(batch * length);
      lengths.slice(first, first + batch).forEach((real, text) => {
        data.fill(1 / real, text * length, text * length + real);
      });
      return [`share.${g}`, { type: 'float32', shape: [batch, 1, length], data }];
    }),
  );
}

/** The rows at each distance within a text. */
export function neighbourFeeds(
  lengths: readonly number[],
  tokens: number,
  distances: readonly number[],
): Record<string, Feed> {
  const feeds: Record<string, Feed> = {};
  for (const distance of distances) {
    const index = new BigInt64Array(tokens);
    const mask = new Float32Array(tokens);
    let start = 0;
    for (const length of lengths) {
      for (let place = 0; place < length; place++) {
        const inside = place + distance >= 0 && place + distance < length;
        index[start + place] = BigInt(inside ? start + place + distance : start + place);
        mask[start + place] = inside ? 1 : 0;
      }
      start += length;
    }
    feeds[`neighbour.${distance}`] = int64(index);
    feeds[`neighbourMask.${distance}`] = column(mask);
  }
  return feeds;
}

/** One-hot rows distance → bucket, and (as sizes) which rows of the relative embeddings are in use. */
export function relativeFeeds(
  groups: readonly TextGroup[],
  { relativePositions }: Classifier,
  sizes: Record<string, number>,
): Record<string, Feed> {
  if (relativePositions === null) return {};
  const reach = Math.max(...groups.map(({ length }) => length)) - 1;
  const rows = Array.from({ length: 2 * reach + 1 }, (_, i) => relativePositions.rowOf(i - reach));
  const from = Math.min(...rows);
  const to = Math.max(...rows) + 1;
  Object.assign(sizes, {
    bucketFrom: from,
    bucketTo: to,
    buckets: to - from,
    bucketsAfter: relativePositions.rows - to,
  });
  const feeds: Record<string, Feed> = {};
  groups.forEach(({ length }, g) => {
    const shape = [2 * length, to - from];
    const descending = new Float32Array(2 * length * (to - from));
    const ascending = new Float32Array(2 * length * (to - from));
    for (let row = 0; row < 2 * length - 1; row++) {
      descending[row * (to - from) + relativePositions.rowOf(length - 1 - row) - from] = 1;
      ascending[row * (to - from) + relativePositions.rowOf(row - length + 1) - from] = 1;
    }
    feeds[`spread.descending.${g}`] = { type: 'float32', shape, data: descending };
    feeds[`spread.ascending.${g}`] = { type: 'float32', shape, data: ascending };
  });
  return feeds;
}
