import { z } from 'zod';
import type { Value } from '../graph/graph.js';
import { attention } from '../nn/attention.js';
import { feedForward, firstTokens, residual } from '../nn/blocks.js';
import type { BlockSizes } from '../nn/blocks.js';
import { activate, embedding, layerNorm, linear, sum } from '../nn/layers.js';
import type { PackedBatch } from '../nn/packing.js';
import type { Scope } from '../nn/scope.js';
import type { Classifier, ModelFamily } from './family.js';
import { encoderSettings, headWidth, readSettings } from './settings.js';

/**
 * BERT (Devlin et al. 2019) with a classification head; the reference is transformers'
 * `BertForSequenceClassification`. Parameter paths are its checkpoint's keys.
 */
const settings = encoderSettings.extend({
  type_vocab_size: z.number().int().min(1).max(1024).default(2),
  position_embedding_type: z.literal('absolute').default('absolute'),
  classifier_dropout: z.number().min(0).max(0.99).nullish(),
});

type Settings = z.infer<typeof settings>;

export const bert: ModelFamily = {
  modelType: 'bert',
  architecture: 'BertForSequenceClassification',
  classifier(config, labels): Classifier {
    const c = readSettings(settings, config, 'bert');
    headWidth(c.hidden_size, c.num_attention_heads);
    return {
      modelType: 'bert',
      labels,
      hiddenSize: c.hidden_size,
      heads: c.num_attention_heads,
      vocabulary: c.vocab_size,
      maxLength: c.max_position_embeddings,
      initializerRange: c.initializer_range,
      wordEmbedding: 'bert.embeddings.word_embeddings.weight',
      relativePositions: null,
      tokenTypes: true,
      neighbours: [],
      loading: {
        prefixes: ['bert.'],
        ballast: [/(^|\.)embeddings\.position_ids$/, /^cls\./],
        heads: [/^classifier\./, /^bert\.pooler\./],
        labelled: /^classifier\./,
      },
      build(model, batch, vocabulary) {
        const root = model.root;
        const encoded = encode(root.child('bert'), batch, c, vocabulary);
        const pooled = pool(root.child('bert').child('pooler'), firstTokens(root, encoded, batch), c);
        const dropped = root.dropout(pooled, c.classifier_dropout ?? c.hidden_dropout_prob, 'classifier');
        return linear(root.child('classifier'), dropped, c.hidden_size, labels);
      },
    };
  },
  scratchConfig: (sizes) => ({
    model_type: 'bert',
    vocab_size: sizes.vocabulary,
    hidden_size: sizes.hiddenSize,
    num_hidden_layers: sizes.layers,
    num_attention_heads: sizes.heads,
    intermediate_size: sizes.intermediateSize,
    hidden_act: 'gelu',
    hidden_dropout_prob: 0.1,
    attention_probs_dropout_prob: 0.1,
    max_position_embeddings: sizes.maxLength,
    type_vocab_size: 2,
    initializer_range: 0.02,
    layer_norm_eps: 1e-12,
    pad_token_id: 0,
  }),
};

/** Embeddings and layers: → `[tokens, hidden]`. */
function encode(scope: Scope, batch: PackedBatch, c: Settings, vocabulary: number): Value {
  const sizes: BlockSizes = {
    hidden: c.hidden_size,
    intermediate: c.intermediate_size,
    activation: c.hidden_act,
    epsilon: c.layer_norm_eps,
    hiddenDropout: c.hidden_dropout_prob,
  };
  let x = embed(scope.child('embeddings'), batch, c, vocabulary);
  for (let i = 0; i < c.num_hidden_layers; i++) {
    const layer = scope.child(`encoder.layer.${i}`);
    const context = selfAttention(layer.child('attention').child('self'), x, batch, c);
    const attended = residual(layer.child('attention').child('output'), context, x, c.hidden_size, sizes);
    x = feedForward(layer, attended, sizes);
  }
  return x;
}

/** Word, position and token-type embeddings, normalised. One text is all of token type 0. */
function embed(scope: Scope, batch: PackedBatch, c: Settings, vocabulary: number): Value {
  const words = embedding(scope.child('word_embeddings'), batch.tokenIds, vocabulary, c.hidden_size);
  const types = embedding(
    scope.child('token_type_embeddings'),
    batch.tokenTypes,
    c.type_vocab_size,
    c.hidden_size,
  );
  const positions = embedding(
    scope.child('position_embeddings'),
    batch.positions,
    c.max_position_embeddings,
    c.hidden_size,
  );
  const summed = sum(scope, sum(scope, words, types), positions);
  const normed = layerNorm(scope.child('LayerNorm'), summed, c.hidden_size, c.layer_norm_eps);
  return scope.dropout(normed, c.hidden_dropout_prob, 'dropout');
}

function selfAttention(scope: Scope, x: Value, batch: PackedBatch, c: Settings): Value {
  const project = (name: string): Value => linear(scope.child(name), x, c.hidden_size, c.hidden_size);
  const projections = { query: project('query'), key: project('key'), value: project('value') };
  return attention(scope, projections, batch, {
    heads: c.num_attention_heads,
    alpha: 1 / Math.sqrt(headWidth(c.hidden_size, c.num_attention_heads)),
    dropout: c.attention_probs_dropout_prob,
  });
}

function pool(scope: Scope, first: Value, c: Settings): Value {
  return activate(scope, linear(scope.child('dense'), first, c.hidden_size, c.hidden_size), 'tanh');
}
