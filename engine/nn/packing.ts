import type { Graph, Value } from '../graph/graph.js';
import type { WindowDims } from '../ops/skew.js';

/**
 * A packed batch. Rows are real tokens only, texts one after the other in ascending length. Attention
 * alone sees padding: there the texts stand in groups of similar length, each group padded to its longest.
 *
 * Named sizes: `tokens` rows, `texts`, `slots` padded places of all groups, and per group those of `GroupDims`.
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
  /** int64 `[tokens]`: the slot of a token. */
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
 * product instead of a gather, since its gradient adds up repeated buckets without a race. The last row is 0.
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

/** The sizes of a group of `batch` texts padded to `length`, by their names in `groupDims`. */
export function groupSizes(
  group: number,
  heads: number,
  batch: number,
  length: number,
): Record<string, number> {
  const dims = groupDims(group);
  return {
    [dims.batch]: batch,
    [dims.headBatch]: heads * batch,
    [dims.slots]: batch * length,
    [dims.length as string]: length,
    [dims.window as string]: 2 * length,
    [dims.diagonal as string]: 2 * length - 1,
    [dims.before as string]: length - 1,
    [dims.area as string]: 2 * length * length,
    [dims.skewedArea as string]: length * (2 * length - 1),
    [dims.skewedEnd as string]: length - 1 + length * (2 * length - 1),
  };
}

/** What a model asks of its batches besides tokens. */
export interface PackingOptions {
  readonly groups: number;
  readonly relative: boolean;
  /** Whether local attention looks at a window. */
  readonly windowed: boolean;
  /** Whether the mean of a text is taken. */
  readonly averaged: boolean;
  /** Distances of the neighbours that are read, besides 0. */
  readonly neighbours: readonly number[];
}

/** Declares the packed batch as inputs of the graph, fed by the host. */
export function packedInputs(graph: Graph, options: PackingOptions): PackedBatch {
  return {
    tokenIds: graph.input('tokenIds', 'int64', ['tokens']),
    positions: graph.input('positions', 'int64', ['tokens']),
    tokenTypes: graph.input('tokenTypes', 'int64', ['tokens']),
    slotToken: graph.input('slotToken', 'int64', ['slots']),
    tokenSlot: graph.input('tokenSlot', 'int64', ['tokens']),
    slotMask: graph.input('slotMask', 'float32', ['slots', 1]),
    firstToken: graph.input('firstToken', 'int64', ['texts']),
    tokenText: graph.input('tokenText', 'int64', ['tokens']),
    isFirst: graph.input('isFirst', 'float32', ['tokens', 1]),
    groups: Array.from({ length: options.groups }, (_, group) => groupInputs(graph, group, options)),
    neighbours: new Map(
      options.neighbours.map((distance) => [
        distance,
        {
          index: graph.input(`neighbour.${distance}`, 'int64', ['tokens']),
          mask: graph.input(`neighbourMask.${distance}`, 'float32', ['tokens', 1]),
        },
      ]),
    ),
  };
}

function groupInputs(
  graph: Graph,
  group: number,
  { relative, windowed, averaged }: PackingOptions,
): PackedGroup {
  const dims = groupDims(group);
  const spread = (order: string): Value =>
    graph.input(`spread.${order}.${group}`, 'float32', [dims.window, bucketDims.size]);
  return {
    dims,
    keyMask: graph.input(`keyMask.${group}`, 'float32', [dims.headBatch, 1, dims.length]),
    windowMask: windowed ? graph.input(`windowMask.${group}`, 'float32', [dims.length, dims.length]) : null,
    share: averaged ? graph.input(`share.${group}`, 'float32', [dims.batch, 1, dims.length]) : null,
    spread: relative ? { descending: spread('descending'), ascending: spread('ascending') } : null,
  };
}
