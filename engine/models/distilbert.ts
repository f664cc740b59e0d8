import type { z } from 'zod';
import type { Value } from '../graph/graph.js';
import type { BlockSizes } from '../nn/blocks.js';
import { embeddings, feedForward, residual, selfAttention } from '../nn/blocks.js';
import { activate, linear } from '../nn/layers.js';
import { firstTokens } from '../nn/pooling.js';
import type { PackedBatch } from '../nn/packing.js';
import type { Scope } from '../nn/scope.js';
import { classifierLogits } from './classification-head.js';
import type { Classifier, ModelFamily } from './family.js';
import { indexBuffers, plainBatches } from './family.js';
import { activation, commonSettings, headWidth, probability, readSettings, size } from './settings.js';

/**
 * DistilBERT (Sanh et al. 2019) with a classification head; the reference is transformers'
 * `DistilBertForSequenceClassification`. It is BERT's encoder without token types and without dropout behind
 * attention, under names of its own.
 */
const settings = commonSettings.extend({
  dim: size(16_384).default(768),
  n_layers: size(256).default(6),
  n_heads: size(256).default(12),
  hidden_dim: size(65_536).default(3072),
  activation: activation.default('gelu'),
  dropout: probability.default(0.1),
  attention_dropout: probability.default(0.1),
  seq_classif_dropout: probability.default(0.2),
});

type Settings = z.infer<typeof settings>;

export const distilbert: ModelFamily = {
  modelType: 'distilbert',
  architecture: 'DistilBertForSequenceClassification',
  classifier(config, labels): Classifier {
    const c = readSettings(settings, config, 'distilbert');
    headWidth(c.dim, c.n_heads);
    return {
      modelType: 'distilbert',
      labels,
      hiddenSize: c.dim,
      heads: c.n_heads,
      vocabulary: c.vocab_size,
      maxLength: c.max_position_embeddings,
      initializerRange: c.initializer_range,
      wordEmbedding: 'distilbert.embeddings.word_embeddings.weight',
      ...plainBatches,
      loading: {
        prefixes: ['distilbert.'],
        ballast: [...indexBuffers, /^vocab_(transform|layer_norm|projector)\./],
        heads: [/^pre_classifier\./, /^classifier\./],
        labelled: /^classifier\./,
      },
      build(model, batch, vocabulary) {
        const root = model.root;
        const encoded = encode(root.child('distilbert').at('embeddings'), batch, c, vocabulary);
        const dense = linear(root.child('pre_classifier'), firstTokens(root, encoded, batch), c.dim, c.dim);
        const dropout = c.seq_classif_dropout;
        return classifierLogits(root, activate(root, dense, 'relu'), { width: c.dim, labels, dropout });
      },
    };
  },
};

/** Embeddings and layers: → `[tokens, hidden]`. */
function encode(scope: Scope, batch: PackedBatch, c: Settings, vocabulary: number): Value {
  const sizes: BlockSizes = {
    hidden: c.dim,
    intermediate: c.hidden_dim,
    heads: c.n_heads,
    activation: c.activation,
    epsilon: 1e-12,
    hiddenDropout: c.dropout,
    attentionDropout: c.attention_dropout,
  };
  const at = scope.child('embeddings');
  const tables = [
    { place: at.child('word_embeddings'), ids: batch.tokenIds, rows: vocabulary },
    { place: at.child('position_embeddings'), ids: batch.positions, rows: c.max_position_embeddings },
  ];
  let x = embeddings({ at, norm: at.child('LayerNorm'), tables }, c.dim, sizes);
  for (let i = 0; i < c.n_layers; i++) {
    const place = scope.child(`transformer.layer.${i}`).at(i);
    const entering = place.entering(x);
    x = scope.tape.segment(() => layer(place, entering, batch, sizes));
  }
  return scope.at('head').entering(x);
}

function layer(scope: Scope, x: Value, batch: PackedBatch, sizes: BlockSizes): Value {
  const at = scope.attention('attention');
  const projections = { at, query: at.child('q_lin'), key: at.child('k_lin'), value: at.child('v_lin') };
  const context = selfAttention(projections, x, batch, sizes);
  const output = { at, dense: at.child('out_lin'), norm: scope.child('sa_layer_norm') };
  const attended = residual('attention', output, context, x, sizes.hidden, { ...sizes, hiddenDropout: 0 });
  const ffn = scope.child('ffn');
  const contract = { at: ffn, dense: ffn.child('lin2'), norm: scope.child('output_layer_norm') };
  return feedForward({ expand: ffn.child('lin1'), contract }, attended, sizes);
}
