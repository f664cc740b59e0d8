import type { Classifier, PositionRule } from '../models/family.js';
import { groupSizes } from '../nn/packing.js';
import type { Feed, TextGroup } from './batch-features.js';
import { pooledInput, windowsOf } from './reading.js';
import {
  column,
  int64,
  keyMaskFeeds,
  neighbourFeeds,
  relativeFeeds,
  shareFeeds,
  windowFeeds,
} from './batch-features.js';

/** A batch laid out for the graph of `groups.length` groups (nn/packing.ts). */
export interface HostBatch {
  /** Row of the logits → number of the text as given. */
  readonly order: readonly number[];
  /** The sequences of tokens that it holds, in their order. */
  readonly sequences: readonly Int32Array[];
  readonly groups: readonly TextGroup[];
  /** Every named size of the graph. */
  readonly sizes: Readonly<Record<string, number>>;
  readonly feeds: Readonly<Record<string, Feed>>;
}

/** Two groups cost nodes and small products; they must save this share of the padded places to pay. */
const WORTHWHILE = 0.75;

/**
 * Texts that are read in windows are so many texts of the packed batch; its rows of logits are then the texts as given.
 *
 * @param texts token ids, each at least one token @param allowedGroups 1 or 2
 */
export function packBatch(
  texts: readonly Int32Array[],
  classifier: Classifier,
  allowedGroups: 1 | 2,
): HostBatch {
  const { windows } = classifier;
  if (windows === undefined) return packSequences(texts, classifier, allowedGroups);
  const split = texts.map((text) => windowsOf(text, windows));
  const packed = packSequences(split.flat(), classifier, allowedGroups);
  return {
    ...packed,
    order: texts.map((_, row) => row),
    sizes: { ...packed.sizes, [pooledInput.rows]: texts.length },
    feeds: { ...packed.feeds, [pooledInput.share]: windowShares(split, packed.order) },
  };
}

/** Float32 `[rows, texts]`: of each text, an equal share of each of its windows. */
function windowShares(split: readonly (readonly Int32Array[])[], order: readonly number[]): Feed {
  const rowOf = split.flatMap((windows, row) => windows.map(() => row));
  const data = new Float32Array(split.length * order.length);
  order.forEach((window, place) => {
    const row = rowOf[window] as number;
    data[row * order.length + place] = 1 / (split[row]?.length ?? 1);
  });
  return { type: 'float32', shape: [split.length, order.length], data };
}

function packSequences(
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
  const sequences = order.map((i) => texts[i] as Int32Array);
  const feeds = {
    ...tokenFeeds(sequences, tokens, classifier.positions),
    ...slotFeeds(lengths, groups, tokens, sizes['slots'] ?? 0),
    ...keyMaskFeeds(lengths, groups, classifier.heads),
    ...windowFeeds(groups, classifier.window),
    ...(classifier.averaged ? shareFeeds(lengths, groups) : {}),
    ...neighbourFeeds(lengths, tokens, classifier.neighbours),
    ...relativeFeeds(groups, classifier, sizes),
  };
  return { order, sequences, groups, sizes, feeds };
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
