import type { Classifier, PositionRule } from '../models/family.js';
import { groupSizes, MASKED } from '../nn/packing.js';
import type { ElementArray, ElementType } from '../runtime/runtime.js';

/** A graph input as the host feeds it. */
export interface Feed {
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data: ElementArray;
}

/** A batch laid out for the graph of `groups.length` groups (nn/packing.ts). */
export interface HostBatch {
  /** Place in the batch → number of the text as given. */
  readonly order: readonly number[];
  readonly groups: readonly TextGroup[];
  /** Every named size of the graph. */
  readonly sizes: Readonly<Record<string, number>>;
  readonly feeds: Readonly<Record<string, Feed>>;
}

/** Texts `first` … `first + batch − 1` of the batch, padded to `length`. */
export interface TextGroup {
  readonly first: number;
  readonly batch: number;
  readonly length: number;
}

/** Two groups cost nodes and small products; they must save this share of the padded places to pay. */
const WORTHWHILE = 0.75;

/** @param texts token ids, each at least one token @param allowedGroups 1 or 2 */
export function packBatch(
  texts: readonly Int32Array[],
  classifier: Classifier,
  allowedGroups: 1 | 2,
): HostBatch {
  const order = texts.map((_, i) => i).sort((a, b) => length(texts, a) - length(texts, b) || a - b);
  const lengths = order.map((i) => length(texts, i));
  const groups = allowedGroups === 1 ? [whole(lengths)] : groupByLength(lengths);
  const tokens = lengths.reduce((a, b) => a + b, 0);
  const sizes: Record<string, number> = {
    tokens,
    texts: texts.length,
    slots: groups.reduce((sum, { batch, length }) => sum + batch * length, 0),
  };
  groups.forEach(({ batch, length }, g) =>
    Object.assign(sizes, groupSizes(g, classifier.heads, batch, length)),
  );
  const feeds = {
    ...tokenFeeds(
      order.map((i) => texts[i] as Int32Array),
      tokens,
      classifier.positions,
    ),
    ...slotFeeds(lengths, groups, tokens, sizes['slots'] ?? 0),
    ...keyMaskFeeds(lengths, groups, classifier.heads),
    ...windowFeeds(groups, classifier.window),
    ...(classifier.averaged ? shareFeeds(lengths, groups) : {}),
    ...neighbourFeeds(lengths, tokens, classifier.neighbours),
    ...relativeFeeds(groups, classifier, sizes),
  };
  return { order, groups, sizes, feeds };
}

function length(texts: readonly Int32Array[], i: number): number {
  return (texts[i] as Int32Array).length;
}

function whole(lengths: readonly number[]): TextGroup {
  return { first: 0, batch: lengths.length, length: lengths[lengths.length - 1] ?? 0 };
}

/** The split of ascending lengths in two that leaves the fewest scores, where it saves enough. */
export function groupByLength(lengths: readonly number[]): TextGroup[] {
  const all = whole(lengths);
  const scores = ({ batch, length }: TextGroup): number => batch * length * length;
  let best: TextGroup[] = [all];
  let least = scores(all) * WORTHWHILE;
  for (let cut = 1; cut < lengths.length; cut++) {
    const short = { first: 0, batch: cut, length: lengths[cut - 1] ?? 0 };
    const long = { first: cut, batch: lengths.length - cut, length: all.length };
    if (scores(short) + scores(long) < least) {
      best = [short, long];
      least = scores(short) + scores(long);
    }
  }
  return best;
}

const int64 = (data: BigInt64Array): Feed => ({ type: 'int64', shape: [data.length], data });
const column = (data: Float32Array): Feed => ({ type: 'float32', shape: [data.length, 1], data });

function tokenFeeds(
  texts: readonly Int32Array[],
  tokens: number,
  { first, skipped }: PositionRule,
): Record<string, Feed> {
  const ids = new BigInt64Array(tokens);
  const positions = new BigInt64Array(tokens);
  const tokenText = new BigInt64Array(tokens);
  const firstToken = new BigInt64Array(texts.length);
  const isFirst = new Float32Array(tokens);
  let row = 0;
  texts.forEach((text, t) => {
    firstToken[t] = BigInt(row);
    isFirst[row] = 1;
    let next = first;
    text.forEach((id) => {
      ids[row] = BigInt(id);
      positions[row] = BigInt(id === skipped ? first - 1 : next++);
      tokenText[row] = BigInt(t);
      row++;
    });
  });
  return {
    tokenIds: int64(ids),
    positions: int64(positions),
    tokenTypes: int64(new BigInt64Array(tokens)),
    firstToken: int64(firstToken),
    tokenText: int64(tokenText),
    isFirst: column(isFirst),
  };
}

function slotFeeds(
  lengths: readonly number[],
  groups: readonly TextGroup[],
  tokens: number,
  slots: number,
): Record<string, Feed> {
  const slotToken = new BigInt64Array(slots);
  const tokenSlot = new BigInt64Array(tokens);
  const slotMask = new Float32Array(slots);
  let token = 0;
  let slot = 0;
  for (const { first, batch, length } of groups) {
    for (const real of lengths.slice(first, first + batch)) {
      for (let place = 0; place < real; place++, token++) {
        slotToken[slot + place] = BigInt(token);
        tokenSlot[token] = BigInt(slot + place);
        slotMask[slot + place] = 1;
      }
      slot += length;
    }
  }
  return { slotToken: int64(slotToken), tokenSlot: int64(tokenSlot), slotMask: column(slotMask) };
}

function keyMaskFeeds(
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

function windowFeeds(groups: readonly TextGroup[], window: number | null): Record<string, Feed> {
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

function shareFeeds(lengths: readonly number[], groups: readonly TextGroup[]): Record<string, Feed> {
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

function neighbourFeeds(
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
function relativeFeeds(
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
