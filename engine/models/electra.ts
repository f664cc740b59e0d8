import { z } from 'zod';
import { linear } from '../nn/layers.js';
import { firstTokens } from '../nn/pooling.js';
import { bertEmbeddings, bertLayers, blockSizes } from './bert-encoder.js';
import { classificationHead, headNames } from './classification-head.js';
import type { Classifier, ModelFamily } from './family.js';
import { indexBuffers, plainBatches } from './family.js';
import {
  absolutePositions,
  encoderSettings,
  headWidth,
  readSettings,
  size,
  encoderFacts,
} from './settings.js';

/**
 * ELECTRA (Clark et al. 2020), the discriminator, with a classification head; the reference is transformers'
 * `ElectraForSequenceClassification`. It is BERT's encoder over embeddings that may be narrower and are then
 * projected. Parameter paths are its checkpoint's keys.
 */
const settings = encoderSettings.extend({
  embedding_size: size(16_384).default(128),
  type_vocab_size: z.number().int().min(1).max(1024).default(2),
  ...absolutePositions,
  classifier_dropout: z.number().min(0).max(0.99).nullish(),
});

export const electra: ModelFamily = {
  modelType: 'electra',
  architecture: 'ElectraForSequenceClassification',
  classifier(config, labels): Classifier {
    const c = readSettings(settings, config, 'electra');
    headWidth(c.hidden_size, c.num_attention_heads);
    return {
      modelType: 'electra',
      labels,
      ...encoderFacts(c),
      maxLength: c.max_position_embeddings,
      wordEmbedding: 'electra.embeddings.word_embeddings.weight',
      ...plainBatches,
      tokenTypes: 'fed',
      loading: {
        prefixes: ['electra.'],
        ballast: [...indexBuffers, /^(discriminator_predictions|generator_predictions|generator_lm_head)\./],
        ...headNames,
      },
      build(model, batch, vocabulary) {
        const base = model.root.child('electra').at('embeddings');
        const sizes = blockSizes(c);
        const tables = {
          vocabulary,
          types: c.type_vocab_size,
          positions: c.max_position_embeddings,
          width: c.embedding_size,
        };
        let x = bertEmbeddings(base.child('embeddings'), batch, tables, sizes);
        if (c.embedding_size !== c.hidden_size)
          x = linear(base.child('embeddings_project'), x, c.embedding_size, c.hidden_size);
        const encoded = bertLayers(base.child('encoder'), x, batch, c.num_hidden_layers, sizes);
        return classificationHead(model.root.child('classifier'), firstTokens(base, encoded, batch), {
          hidden: c.hidden_size,
          labels,
          activation: 'gelu',
          dropout: c.classifier_dropout ?? c.hidden_dropout_prob,
        });
      },
    };
  },
};
