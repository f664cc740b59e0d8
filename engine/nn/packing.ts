import type { Value } from '../graph/graph.js';
import type { WindowDims } from '../ops/skew.js';

/**
 * A packed batch. Rows are real tokens only, texts one after the other in ascending length. Attention
 * alone sees padding: there the texts stand in groups of similar length, each group padded to its longest.
 * Where batches are to have few shapes, rows behind those fill a batch up, which are no text's.
 *
 * Named sizes: `tokens` rows, `texts`, `slots` padded places of all groups, and per group those of `GroupDims`.
 * How each of it is declared, fed and exported is in engine/batches.
 */
export interface PackedBatch {
  /** int64 `[tokens]`: rows of the word embedding. */
  readonly tokenIds: Value;
  /** int64 `[tokens]`: place within the text, as the family counts it. */
  readonly positions: Value;
  /** int64 `[tokens]`: all 0, since one text is of one type. */
  readonly tokenTypes: Value;
  /** int64 `[slots]`: the token in a slot; any token in a padded one. */
  readonly slotToken: Value;
  /** int64 `[tokens]`: the slot of a token; a padded one of a row that fills the batch up. */
  readonly tokenSlot: Value;
  /** float32 `[slots, 1]`: 0 in padded slots. */
  readonly slotMask: Value;
  /** int64 `[texts]`: the first token of a text. */
  readonly firstToken: Value;
  /** int64 `[tokens]`: the text of a token. */
  readonly tokenText: Value;
  /** float32 `[tokens, 1]`: 1 on first tokens. */
  readonly isFirst: Value;
  readonly groups: readonly PackedGroup[];
  /** Neighbouring rows within a text, by their distance; empty for models without a convolution. */
  readonly neighbours: ReadonlyMap<number, Neighbours>;
}

export interface Neighbours {
  /** int64 `[tokens]`: the row that far away, any row where the text has none. */
  readonly index: Value;
  /** float32 `[tokens, 1]`: 0 where the text has none. */
  readonly mask: Value;
}

export interface PackedGroup {
  readonly dims: GroupDims;
  /** For models with relative positions: where the distances of a window stand among the buckets in use. */
  readonly spread: RelativeSpread | null;
  /** float32 `[heads·batch, 1, length]`: 0 on real keys, hugely negative on padded ones. */
  readonly keyMask: Value;
  /** For models with local attention, float32 `[length, length]`: 0 on keys near the query, else hugely negative. */
  readonly windowMask: Value | null;
  /** For models that take the mean of a text, float32 `[batch, 1, length]`: a token's share, 0 in padded places. */
  readonly share: Value | null;
}

/**
 * One-hot rows, float32 `[2·length, buckets]`, that give each distance δ = i − j of a window its bucket: a
 * product instead of a gather, since its gradient adds up repeated buckets without a race. The last row is of no distance.
 */
export interface RelativeSpread {
  /** Row r is δ = length − 1 − r. */
  readonly descending: Value;
  /** Row r is δ = r − (length − 1). */
  readonly ascending: Value;
}

/** Named sizes of the rows of the relative embeddings that a batch uses. */
export const bucketDims = {
  from: 'bucketFrom',
  to: 'bucketTo',
  size: 'buckets',
  after: 'bucketsAfter',
} as const;

export interface GroupDims extends WindowDims {
  readonly batch: string;
  /** heads·batch */
  readonly headBatch: string;
  /** batch·length */
  readonly slots: string;
}

/** Added to the score of a padded key: its probability is exactly 0 in float32. */
export const MASKED = -1e9;

export function groupDims(group: number): GroupDims {
  const name = (size: string): string => `${size}.${group}`;
  return {
    batch: name('batch'),
    headBatch: name('headBatch'),
    slots: name('slots'),
    length: name('length'),
    window: name('window'),
    diagonal: name('diagonal'),
    before: name('before'),
    area: name('area'),
    skewedArea: name('skewedArea'),
    skewedEnd: name('skewedEnd'),
  };
}
