import type { Value } from '../graph/graph.js';
import { activate, embedding, layerNorm, linear, sum } from '../nn/layers.js';
import type { PackedBatch } from '../nn/packing.js';
import type { Scope } from '../nn/scope.js';
import type { DebertaSettings } from './deberta-settings.js';

/** What DeBERTa and DeBERTa-v2 have under the same names. */

/** Word embeddings, with absolute positions and token types where the configuration has them. */
export function debertaEmbeddings(
  scope: Scope,
  batch: PackedBatch,
  c: DebertaSettings,
  vocabulary: number,
): Value {
  const width = c.embedding_size ?? c.hidden_size;
  let x = embedding(scope.child('word_embeddings'), batch.tokenIds, vocabulary, width);
  if (c.position_biased_input) {
    x = sum(
      scope,
      x,
      embedding(scope.child('position_embeddings'), batch.positions, c.max_position_embeddings, width),
    );
  }
  if (c.type_vocab_size > 0) {
    x = sum(
      scope,
      x,
      embedding(scope.child('token_type_embeddings'), batch.tokenTypes, c.type_vocab_size, width),
    );
  }
  if (width !== c.hidden_size)
    x = linear(scope.child('embed_proj'), x, width, c.hidden_size, { bias: false });
  const normed = layerNorm(scope.child('LayerNorm'), x, c.hidden_size, c.layer_norm_eps);
  return scope.dropout(normed, c.hidden_dropout_prob, 'sum');
}

/** The first token through dropout, a dense layer and its activation. */
export function contextPooler(scope: Scope, first: Value, c: DebertaSettings): Value {
  const dropped = scope.dropout(first, c.pooler_dropout, 'features');
  return activate(
    scope,
    linear(scope.child('dense'), dropped, c.hidden_size, c.hidden_size),
    c.pooler_hidden_act,
  );
}
