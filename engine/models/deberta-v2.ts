import type { Value } from '../graph/graph.js';
import { attention } from '../nn/attention.js';
import { layerNorm, linear } from '../nn/layers.js';
import { firstTokens } from '../nn/pooling.js';
import type { LayerPart } from '../nn/dropout-sites.js';
import type { PackedBatch } from '../nn/packing.js';
import type { Scope } from '../nn/scope.js';
import { attentionOutput, feedForward } from './bert-encoder.js';
import { convolution } from './deberta-v2-convolution.js';
import { contextPooler, debertaEmbeddings } from './deberta-parts.js';
import { pretrainingTensors } from './deberta-settings.js';
import type { Settings } from './deberta-v2-settings.js';
import { readDebertaV2Settings } from './deberta-v2-settings.js';
import type { PositionProjections } from './disentangled-attention.js';
import { disentangledScores, relativeRows } from './disentangled-attention.js';
import { classifierLogits } from './classification-head.js';
import type { Classifier, ScratchFamily } from './family.js';
import { plainBatches } from './family.js';
import { relativeRow } from './relative-position.js';
import { headWidth, encoderFacts } from './settings.js';

/**
 * DeBERTa-v2 and -v3 (He et al. 2021, "DeBERTa: Decoding-enhanced BERT with Disentangled Attention"; v3: He,
 * Gao & Chen 2023) with a classification head; the reference is transformers'
 * `DebertaV2ForSequenceClassification`. Parameter paths are its checkpoint's keys.
 */
export const debertaV2: ScratchFamily = {
  modelType: 'deberta-v2',
  architecture: 'DebertaV2ForSequenceClassification',
  classifier(config, labels): Classifier {
    const c = readDebertaV2Settings(config);
    const positions = { span: c.span, buckets: c.position_buckets, maxPosition: c.maxRelative };
    const reach = (c.conv_kernel_size - 1) / 2;
    return {
      modelType: 'deberta-v2',
      labels,
      ...encoderFacts(c),
      maxLength: c.position_biased_input ? c.max_position_embeddings : null,
      wordEmbedding: 'deberta.embeddings.word_embeddings.weight',
      ...plainBatches,
      relativePositions: c.relative_attention
        ? { rows: 2 * c.span, rowOf: (distance) => relativeRow(distance, positions) }
        : null,
      tokenTypes: c.type_vocab_size > 0 ? 'fed' : 'absent',
      neighbours: Array.from({ length: Math.max(0, 2 * reach + 1) }, (_, i) => i - reach).filter(
        (d) => d !== 0,
      ),
      loading: {
        prefixes: ['deberta.'],
        ballast: [...pretrainingTensors(c), ...(c.relative_attention ? [] : [/(^|\.)encoder\.LayerNorm\./])],
        heads: [/^classifier\./, /^pooler\./],
        labelled: /^classifier\./,
      },
      build(model, batch, vocabulary) {
        const root = model.root;
        const encoded = encode(root.child('deberta').at('embeddings'), batch, c, vocabulary);
        const pooled = contextPooler(root.child('pooler'), firstTokens(root, encoded, batch), c);
        const dropout = c.cls_dropout ?? c.hidden_dropout_prob;
        return classifierLogits(root, pooled, { width: c.hidden_size, labels, dropout });
      },
    };
  },
  // DeBERTa-v3's choices (microsoft/deberta-v3-base) at another size
  scratchConfig: (sizes) => ({
    model_type: 'deberta-v2',
    vocab_size: sizes.vocabulary,
    hidden_size: sizes.hiddenSize,
    num_hidden_layers: sizes.layers,
    num_attention_heads: sizes.heads,
    intermediate_size: sizes.intermediateSize,
    hidden_act: 'gelu',
    hidden_dropout_prob: 0.1,
    attention_probs_dropout_prob: 0.1,
    max_position_embeddings: 512,
    type_vocab_size: 0,
    initializer_range: 0.02,
    layer_norm_eps: 1e-7,
    relative_attention: true,
    max_relative_positions: -1,
    position_buckets: 256,
    position_biased_input: false,
    pos_att_type: ['p2c', 'c2p'],
    share_att_key: true,
    norm_rel_ebd: 'layer_norm',
    pooler_dropout: 0,
    pooler_hidden_act: 'gelu',
    pooler_hidden_size: sizes.hiddenSize,
    pad_token_id: 0,
  }),
};

/** Embeddings and layers: → `[tokens, hidden]`. */
function encode(scope: Scope, batch: PackedBatch, c: Settings, vocabulary: number): Value {
  // The convolution reads what enters the first layer, too.
  const embedded = scope.at(0).entering(debertaEmbeddings(scope.child('embeddings'), batch, c, vocabulary));
  const relative = relativeEmbeddings(scope.child('encoder'), c);
  let x = embedded;
  for (let i = 0; i < c.num_hidden_layers; i++) {
    const layer = scope.child(`encoder.layer.${i}`).at(i);
    const entering = layer.entering(x);
    x = layer.tape.segment(() => {
      const context = selfAttention(layer.attention('attention').child('self'), entering, relative, batch, c);
      return feedForward(layer, attentionOutput(layer, context, entering, c.sizes), c.sizes);
    });
    if (i === 0 && c.conv_kernel_size > 0)
      x = convolution(scope.child('encoder').child('conv').at(i), embedded, x, batch, c);
  }
  return scope.at('head').entering(x);
}

/** Disentangled self-attention (He et al. 2021, eq. 4). */
function selfAttention(
  scope: Scope,
  x: Value,
  relative: Value | null,
  batch: PackedBatch,
  c: Settings,
): Value {
  const project = (part: 'query' | 'key' | 'value'): Value =>
    linear(scope.child(`${part}_proj`), x, c.hidden_size, c.hidden_size, { part });
  const projections = { query: project('query'), key: project('key'), value: project('value') };
  // 1/√(3d) where both positional terms are added: as many terms, as much variance
  const alpha = 1 / Math.sqrt(headWidth(c.hidden_size, c.num_attention_heads) * (1 + c.scoreTerms));
  const positional =
    relative === null
      ? undefined
      : disentangledScores(scope, positionProjections(scope, relative, c), c.num_attention_heads, alpha);
  return attention(scope, projections, batch, {
    heads: c.num_attention_heads,
    alpha,
    dropout: c.attention_probs_dropout_prob,
    ...(positional === undefined ? {} : { positional }),
  });
}

/** The rows of the relative embeddings that the batch uses, normalised: `[buckets, hidden]`. */
function relativeEmbeddings(scope: Scope, c: Settings): Value | null {
  if (!c.relative_attention) return null;
  const used = relativeRows(scope.child('rel_embeddings'), 2 * c.span, c.hidden_size);
  const normed = c.norm_rel_ebd
    .toLowerCase()
    .split('|')
    .map((part) => part.trim())
    .includes('layer_norm');
  return normed ? layerNorm(scope.child('LayerNorm'), used, c.hidden_size, c.layer_norm_eps) : used;
}

/** By the projections of the contents, or by some of their own. */
function positionProjections(scope: Scope, relative: Value, c: Settings): PositionProjections {
  const dropped = scope.dropout(relative, c.hidden_dropout_prob, 'positions');
  const position = (name: string, part: LayerPart): Value =>
    linear(scope.child(c.share_att_key ? name : `pos_${name}`), dropped, c.hidden_size, c.hidden_size, {
      part,
    });
  return {
    key: c.attentionTypes.includes('c2p') ? position('key_proj', 'positionKey') : null,
    query: c.attentionTypes.includes('p2c') ? position('query_proj', 'positionQuery') : null,
  };
}
