import type { Value } from '../graph/graph.js';
import { attention } from './attention.js';
import type { Activation } from './layers.js';
import { activate, embedding, layerNorm, linear, sum } from './layers.js';
import type { DropoutKind, LayerPart } from './dropout-sites.js';
import type { PackedBatch } from './packing.js';
import type { Scope } from './scope.js';

/**
 * Blocks of BERT's kind of encoder. They name no parameter: each takes the places (scopes) of its parts from
 * the family, whose checkpoints have names of their own.
 */

/** What the blocks read of a configuration. */
export interface BlockSizes {
  readonly hidden: number;
  readonly intermediate: number;
  readonly heads: number;
  readonly activation: Activation;
  readonly epsilon: number;
  readonly hiddenDropout: number;
  readonly attentionDropout: number;
}

/** A dense layer and the norm behind it; dropout between them is drawn at `at`. */
export interface ResidualPlaces {
  readonly at: Scope;
  readonly dense: Scope;
  readonly norm: Scope;
}

/** What stands before a residual: the half of a layer, by the part that its dense layer is and what is dropped. */
const halves = {
  attention: { part: 'context', drops: 'attention' },
  feedForward: { part: 'contract', drops: 'feedForward' },
} as const satisfies Record<string, { part: LayerPart; drops: DropoutKind }>;

/** dense → dropout → add the residual → layer norm, as after attention and after the feed-forward. */
export function residual(
  half: keyof typeof halves,
  { at, dense, norm }: ResidualPlaces,
  x: Value,
  shortcut: Value,
  inputs: number,
  sizes: Pick<BlockSizes, 'hidden' | 'epsilon' | 'hiddenDropout'>,
): Value {
  const { part, drops } = halves[half];
  const projected = linear(dense, x, inputs, sizes.hidden, { part });
  const dropped = at.dropout(projected, sizes.hiddenDropout, drops);
  return layerNorm(norm, sum(at, dropped, shortcut), sizes.hidden, sizes.epsilon);
}

export interface FeedForwardPlaces {
  readonly expand: Scope;
  readonly contract: ResidualPlaces;
}

/** The position-wise feed-forward half of a layer. */
export function feedForward({ expand, contract }: FeedForwardPlaces, x: Value, sizes: BlockSizes): Value {
  const expanded = linear(expand, x, sizes.hidden, sizes.intermediate, { part: 'expand' });
  const activated = activate(expand, expanded, sizes.activation);
  return residual('feedForward', contract, activated, x, sizes.intermediate, sizes);
}

/** The three projections; dropout on the probabilities is drawn at `at`. */
export interface AttentionPlaces {
  readonly at: Scope;
  readonly query: Scope;
  readonly key: Scope;
  readonly value: Scope;
}

/**
 * Self-attention before its output projection (Vaswani et al. 2017, eq. 1).
 *
 * @param masks per group what is added to its scores; by default its key mask
 */
export function selfAttention(
  { at, query, key, value }: AttentionPlaces,
  x: Value,
  batch: PackedBatch,
  { hidden, heads, attentionDropout }: Pick<BlockSizes, 'hidden' | 'heads' | 'attentionDropout'>,
  masks?: readonly Value[],
): Value {
  const project = (place: Scope, part: LayerPart): Value => linear(place, x, hidden, hidden, { part });
  const projections = {
    query: project(query, 'query'),
    key: project(key, 'key'),
    value: project(value, 'value'),
  };
  return attention(at, projections, batch, {
    heads,
    alpha: 1 / Math.sqrt(hidden / heads),
    dropout: attentionDropout,
    ...(masks === undefined ? {} : { masks }),
  });
}

/** A table of embeddings, and which of its rows each token gets. */
export interface EmbeddingTable {
  readonly place: Scope;
  readonly ids: Value;
  readonly rows: number;
}

/** Rows of several tables, summed, normalised, and dropped out of: `[tokens, width]`. */
export function embeddings(
  { at, norm, tables }: { at: Scope; norm: Scope; tables: readonly EmbeddingTable[] },
  width: number,
  { epsilon, hiddenDropout }: Pick<BlockSizes, 'epsilon' | 'hiddenDropout'>,
): Value {
  const summed = tables
    .map(({ place, ids, rows }) => embedding(place, ids, rows, width))
    .reduce((a, b) => sum(at, a, b));
  return at.dropout(layerNorm(norm, summed, width, epsilon), hiddenDropout, 'sum');
}
