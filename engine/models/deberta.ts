import { z } from 'zod';
import type { Value } from '../graph/graph.js';
import type { Dim } from '../graph/shape.js';
import { attention } from '../nn/attention.js';
import { linear, sum } from '../nn/layers.js';
import { firstTokens } from '../nn/pooling.js';
import type { LayerPart } from '../nn/dropout-sites.js';
import type { PackedBatch } from '../nn/packing.js';
import type { Scope } from '../nn/scope.js';
import { reshape, split } from '../ops/layout.js';
import { attentionOutput, feedForward } from './bert-encoder.js';
import { contextPooler, debertaEmbeddings } from './deberta-parts.js';
import type { DebertaSettings } from './deberta-settings.js';
import { debertaSchema, derive, pretrainingTensors } from './deberta-settings.js';
import { disentangledScores, relativeRows } from './disentangled-attention.js';
import { classifierLogits } from './classification-head.js';
import type { Classifier, ModelFamily } from './family.js';
import { plainBatches } from './family.js';
import { relativeRow } from './relative-position.js';
import { readSettings, encoderFacts } from './settings.js';

/**
 * DeBERTa, the first (He et al. 2021), with a classification head; the reference is transformers'
 * `DebertaForSequenceClassification`. It has a relative embedding for every distance instead of buckets, and
 * projects queries, keys and values by one matrix. Parameter paths are its checkpoint's keys.
 */
const schema = debertaSchema.extend({
  talking_head: z.literal(false).default(false),
});

export const deberta: ModelFamily = {
  modelType: 'deberta',
  architecture: 'DebertaForSequenceClassification',
  classifier(config, labels): Classifier {
    const c = derive(readSettings(schema, config, 'deberta'));
    const positions = { span: c.maxRelative, buckets: -1, maxPosition: c.maxRelative };
    return {
      modelType: 'deberta',
      labels,
      ...encoderFacts(c),
      maxLength: c.position_biased_input ? c.max_position_embeddings : null,
      wordEmbedding: 'deberta.embeddings.word_embeddings.weight',
      ...plainBatches,
      relativePositions: c.relative_attention
        ? { rows: 2 * c.maxRelative, rowOf: (distance) => relativeRow(distance, positions) }
        : null,
      tokenTypes: c.type_vocab_size > 0 ? 'fed' : 'absent',
      loading: {
        prefixes: ['deberta.'],
        ballast: pretrainingTensors(c),
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
};

/** Embeddings and layers: → `[tokens, hidden]`. */
function encode(scope: Scope, batch: PackedBatch, c: DebertaSettings, vocabulary: number): Value {
  let x = debertaEmbeddings(scope.child('embeddings'), batch, c, vocabulary);
  const encoder = scope.child('encoder');
  const relative = c.relative_attention
    ? relativeRows(encoder.child('rel_embeddings'), 2 * c.maxRelative, c.hidden_size)
    : null;
  for (let i = 0; i < c.num_hidden_layers; i++) {
    const layer = encoder.child(`layer.${i}`).at(i);
    const entering = layer.entering(x);
    x = layer.tape.segment(() => {
      const context = selfAttention(layer.attention('attention').child('self'), entering, relative, batch, c);
      return feedForward(layer, attentionOutput(layer, context, entering, c.sizes), c.sizes);
    });
  }
  return scope.at('head').entering(x);
}

/** Disentangled self-attention (He et al. 2021, eq. 4). */
function selfAttention(
  scope: Scope,
  x: Value,
  relative: Value | null,
  batch: PackedBatch,
  c: DebertaSettings,
): Value {
  const heads = c.num_attention_heads;
  const alpha = 1 / Math.sqrt((c.hidden_size / heads) * (1 + c.scoreTerms));
  const [query, key, value] = projections(scope, x, c);
  const bias = (name: string): Value => scope.parameter(name, [c.hidden_size], 'zeros', 'bias');
  const contents = {
    query: sum(scope, query, bias('q_bias')),
    key,
    value: sum(scope, value, bias('v_bias')),
  };
  const positional =
    relative === null
      ? undefined
      : disentangledScores(scope, positionProjections(scope, relative, c), heads, alpha);
  return attention(scope, contents, batch, {
    heads,
    alpha,
    dropout: c.attention_probs_dropout_prob,
    ...(positional === undefined ? {} : { positional }),
  });
}

/** Query, key and value, which one matrix gives head by head. */
function projections(scope: Scope, x: Value, c: DebertaSettings): [Value, Value, Value] {
  const { hidden_size: hidden, num_attention_heads: heads } = c;
  const width = hidden / heads;
  const joint = linear(scope.child('in_proj'), x, hidden, 3 * hidden, { bias: false, part: 'joint' });
  const tokens = joint.shape[0] as Dim;
  const byHead = scope.tape.apply(reshape, { x: joint }, { shape: [tokens, heads, 3 * width] });
  const parts = scope.tape.applyAll(split, { x: byHead }, { axis: 2, sizes: [width, width, width] });
  const [query, key, value] = parts.map((part) =>
    scope.tape.apply(reshape, { x: part }, { shape: [tokens, hidden] }),
  );
  return [query as Value, key as Value, value as Value];
}

function positionProjections(scope: Scope, relative: Value, c: DebertaSettings) {
  const dropped = scope.dropout(relative, c.hidden_dropout_prob, 'positions');
  const projected = (name: string, part: LayerPart, bias: boolean): Value =>
    linear(scope.child(name), dropped, c.hidden_size, c.hidden_size, { bias, part });
  return {
    key: c.attentionTypes.includes('c2p') ? projected('pos_proj', 'positionKey', false) : null,
    query: c.attentionTypes.includes('p2c') ? projected('pos_q_proj', 'positionQuery', true) : null,
  };
}
