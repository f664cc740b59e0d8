import { z } from 'zod';
import type { Value } from '../graph/graph.js';
import type { BlockSizes } from '../nn/blocks.js';
import { feedForward, residual, selfAttention } from '../nn/blocks.js';
import { activate, linear } from '../nn/layers.js';
import { firstTokens } from '../nn/pooling.js';
import type { PackedBatch } from '../nn/packing.js';
import type { Scope } from '../nn/scope.js';
import { bertEmbeddings, blockSizes } from './bert-encoder.js';
import { classifierLogits } from './classification-head.js';
import type { Classifier, ModelFamily } from './family.js';
import { indexBuffers, plainBatches } from './family.js';
import {
  absolutePositions,
  activation,
  encoderSettings,
  headWidth,
  probability,
  readSettings,
  size,
  encoderFacts,
} from './settings.js';

/**
 * ALBERT (Lan et al. 2020) with a classification head; the reference is transformers'
 * `AlbertForSequenceClassification`. Its embeddings are narrower than its layers, and layers of a group are one
 * and the same. Parameter paths are its checkpoint's keys.
 */
const settings = encoderSettings.extend({
  embedding_size: size(16_384).default(128),
  num_hidden_groups: size(256).default(1),
  inner_group_num: size(8).default(1),
  hidden_act: activation.default('gelu_new'),
  hidden_dropout_prob: probability.default(0),
  attention_probs_dropout_prob: probability.default(0),
  type_vocab_size: z.number().int().min(1).max(1024).default(2),
  classifier_dropout_prob: probability.default(0.1),
  ...absolutePositions,
});

type Settings = z.infer<typeof settings>;

export const albert: ModelFamily = {
  modelType: 'albert',
  architecture: 'AlbertForSequenceClassification',
  classifier(config, labels): Classifier {
    const c = readSettings(settings, config, 'albert');
    headWidth(c.hidden_size, c.num_attention_heads);
    return {
      modelType: 'albert',
      labels,
      ...encoderFacts(c),
      maxLength: c.max_position_embeddings,
      wordEmbedding: 'albert.embeddings.word_embeddings.weight',
      ...plainBatches,
      tokenTypes: 'fed',
      loading: {
        prefixes: ['albert.'],
        ballast: [...indexBuffers, /^(predictions|sop_classifier)\./],
        heads: [/^classifier\./, /^albert\.pooler\./],
        labelled: /^classifier\./,
      },
      build(model, batch, vocabulary) {
        const root = model.root;
        const base = root.child('albert');
        const first = firstTokens(root, encode(base.at('embeddings'), batch, c, vocabulary), batch);
        const pooled = activate(
          base,
          linear(base.child('pooler'), first, c.hidden_size, c.hidden_size),
          'tanh',
        );
        const dropout = c.classifier_dropout_prob;
        return classifierLogits(root, pooled, { width: c.hidden_size, labels, dropout });
      },
    };
  },
};

/** Embeddings and layers: → `[tokens, hidden]`. */
function encode(scope: Scope, batch: PackedBatch, c: Settings, vocabulary: number): Value {
  const sizes = blockSizes(c);
  const tables = {
    vocabulary,
    types: c.type_vocab_size,
    positions: c.max_position_embeddings,
    width: c.embedding_size,
  };
  const embedded = bertEmbeddings(scope.child('embeddings'), batch, tables, sizes);
  const encoder = scope.child('encoder');
  let x = linear(encoder.child('embedding_hidden_mapping_in'), embedded, c.embedding_size, c.hidden_size);
  for (let i = 0; i < c.num_hidden_layers; i++) {
    const group = Math.floor(i / (c.num_hidden_layers / c.num_hidden_groups));
    for (let inner = 0; inner < c.inner_group_num; inner++) {
      const place = encoder.child(`albert_layer_groups.${group}.albert_layers.${inner}`);
      const at = place.at(group * c.inner_group_num + inner, i * c.inner_group_num + inner);
      const entering = at.entering(x);
      x = at.tape.segment(() => layer(at, entering, batch, sizes));
    }
  }
  return scope.at('head').entering(x);
}

function layer(scope: Scope, x: Value, batch: PackedBatch, sizes: BlockSizes): Value {
  const at = scope.attention('attention');
  const projections = { at, query: at.child('query'), key: at.child('key'), value: at.child('value') };
  const context = selfAttention(projections, x, batch, sizes);
  const output = { at, dense: at.child('dense'), norm: at.child('LayerNorm') };
  const attended = residual('attention', output, context, x, sizes.hidden, sizes);
  const contract = {
    at: scope,
    dense: scope.child('ffn_output'),
    norm: scope.child('full_layer_layer_norm'),
  };
  // Nothing is dropped behind the feed-forward.
  return feedForward({ expand: scope.child('ffn'), contract }, attended, { ...sizes, hiddenDropout: 0 });
}
