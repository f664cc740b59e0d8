import type { z } from 'zod';
import type { Value } from '../graph/graph.js';
import type { BlockSizes } from '../nn/blocks.js';
import * as blocks from '../nn/blocks.js';
import type { PackedBatch } from '../nn/packing.js';
import type { Scope } from '../nn/scope.js';
import type { encoderSettings } from './settings.js';

/** BERT's encoder under the names that its checkpoints have, and those of the families that took them over. */

/** Sizes of the blocks, of settings that are named as BERT names them. */
export function blockSizes(c: z.infer<typeof encoderSettings>): BlockSizes {
  return {
    hidden: c.hidden_size,
    intermediate: c.intermediate_size,
    heads: c.num_attention_heads,
    activation: c.hidden_act,
    epsilon: c.layer_norm_eps,
    hiddenDropout: c.hidden_dropout_prob,
    attentionDropout: c.attention_probs_dropout_prob,
  };
}

export interface TableSizes {
  readonly vocabulary: number;
  readonly types: number;
  readonly positions: number;
  readonly width: number;
}

/** Word, token-type and position embeddings, normalised. One text is all of token type 0. */
export function bertEmbeddings(
  scope: Scope,
  batch: PackedBatch,
  { vocabulary, types, positions, width }: TableSizes,
  sizes: BlockSizes,
): Value {
  const place = (name: string): Scope => scope.child(name);
  const tables = [
    { place: place('word_embeddings'), ids: batch.tokenIds, rows: vocabulary },
    { place: place('token_type_embeddings'), ids: batch.tokenTypes, rows: types },
    { place: place('position_embeddings'), ids: batch.positions, rows: positions },
  ];
  return blocks.embeddings({ at: scope, norm: place('LayerNorm'), tables }, width, sizes);
}

/** Layers 0 … layers − 1 below `scope`: `[tokens, hidden]` → `[tokens, hidden]`. */
export function bertLayers(
  scope: Scope,
  x: Value,
  batch: PackedBatch,
  layers: number,
  sizes: BlockSizes,
): Value {
  for (let i = 0; i < layers; i++) {
    const layer = scope.child(`layer.${i}`).at(i);
    const entering = layer.entering(x);
    x = layer.tape.segment(() => bertLayer(layer, entering, batch, sizes));
  }
  return scope.at('head').entering(x);
}

function bertLayer(layer: Scope, x: Value, batch: PackedBatch, sizes: BlockSizes): Value {
  const context = selfAttention(layer.attention('attention').child('self'), x, batch, sizes);
  return feedForward(layer, attentionOutput(layer, context, x, sizes), sizes);
}

function selfAttention(at: Scope, x: Value, batch: PackedBatch, sizes: BlockSizes): Value {
  const places = { at, query: at.child('query'), key: at.child('key'), value: at.child('value') };
  return blocks.selfAttention(places, x, batch, sizes);
}

/** The dense layer, residual and norm behind attention. */
export function attentionOutput(layer: Scope, context: Value, x: Value, sizes: BlockSizes): Value {
  return blocks.residual(
    'attention',
    output(layer.attention('attention').child('output')),
    context,
    x,
    sizes.hidden,
    sizes,
  );
}

/** The position-wise feed-forward half of a layer. */
export function feedForward(layer: Scope, x: Value, sizes: BlockSizes): Value {
  const places = {
    expand: layer.child('intermediate').child('dense'),
    contract: output(layer.child('output')),
  };
  return blocks.feedForward(places, x, sizes);
}

function output(at: Scope): blocks.ResidualPlaces {
  return { at, dense: at.child('dense'), norm: at.child('LayerNorm') };
}
