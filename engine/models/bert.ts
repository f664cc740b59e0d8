import { z } from 'zod';
import type { Value } from '../graph/graph.js';
import { activate, linear } from '../nn/layers.js';
import { firstTokens } from '../nn/pooling.js';
import type { PackedBatch } from '../nn/packing.js';
import type { Scope } from '../nn/scope.js';
import { bertEmbeddings, bertLayers, blockSizes } from './bert-encoder.js';
import { classifierLogits } from './classification-head.js';
import type { Classifier, ScratchFamily } from './family.js';
import { indexBuffers, plainBatches } from './family.js';
import { absolutePositions, encoderSettings, headWidth, readSettings, encoderFacts } from './settings.js';

/**
 * BERT (Devlin et al. 2019) with a classification head; the reference is transformers'
 * `BertForSequenceClassification`. Parameter paths are its checkpoint's keys.
 */
const settings = encoderSettings.extend({
  type_vocab_size: z.number().int().min(1).max(1024).default(2),
  ...absolutePositions,
  classifier_dropout: z.number().min(0).max(0.99).nullish(),
});

type Settings = z.infer<typeof settings>;

export const bert: ScratchFamily = {
  modelType: 'bert',
  architecture: 'BertForSequenceClassification',
  classifier(config, labels): Classifier {
    const c = readSettings(settings, config, 'bert');
    headWidth(c.hidden_size, c.num_attention_heads);
    return {
      modelType: 'bert',
      labels,
      ...encoderFacts(c),
      maxLength: c.max_position_embeddings,
      wordEmbedding: 'bert.embeddings.word_embeddings.weight',
      ...plainBatches,
      tokenTypes: 'fed',
      loading: {
        prefixes: ['bert.'],
        ballast: [...indexBuffers, /^cls\./],
        heads: [/^classifier\./, /^bert\.pooler\./],
        labelled: /^classifier\./,
      },
      build(model, batch, vocabulary) {
        const root = model.root;
        const encoded = encode(root.child('bert').at('embeddings'), batch, c, vocabulary);
        const pooled = pool(root.child('bert').child('pooler'), firstTokens(root, encoded, batch), c);
        const dropout = c.classifier_dropout ?? c.hidden_dropout_prob;
        return classifierLogits(root, pooled, { width: c.hidden_size, labels, dropout });
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
  const sizes = blockSizes(c);
  const tables = {
    vocabulary,
    types: c.type_vocab_size,
    positions: c.max_position_embeddings,
    width: c.hidden_size,
  };
  const embedded = bertEmbeddings(scope.child('embeddings'), batch, tables, sizes);
  return bertLayers(scope.child('encoder'), embedded, batch, c.num_hidden_layers, sizes);
}

function pool(scope: Scope, first: Value, c: Settings): Value {
  return activate(scope, linear(scope.child('dense'), first, c.hidden_size, c.hidden_size), 'tanh');
}
