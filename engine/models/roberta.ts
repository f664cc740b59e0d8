import { z } from 'zod';
import { firstTokens } from '../nn/pooling.js';
import { bertEmbeddings, bertLayers, blockSizes } from './bert-encoder.js';
import { classificationHead, headNames } from './classification-head.js';
import type { Classifier, ModelFamily } from './family.js';
import { indexBuffers, plainBatches } from './family.js';
import { absolutePositions, encoderSettings, headWidth, positionsBehind, readSettings } from './settings.js';

/**
 * RoBERTa (Liu et al. 2019) with a classification head; the reference is transformers'
 * `RobertaForSequenceClassification`. It is BERT's encoder with positions that begin behind that of padding, and
 * a head of its own. XLM-RoBERTa (Conneau et al. 2020) and CamemBERT (Martin et al. 2020) are the same model
 * under the same names, with other vocabularies.
 */
const settings = encoderSettings.extend({
  type_vocab_size: z.number().int().min(1).max(1024).default(2),
  pad_token_id: z.number().int().min(0).max(4_000_000).default(1),
  ...absolutePositions,
  classifier_dropout: z.number().min(0).max(0.99).nullish(),
});

export const roberta = family('roberta', 'RobertaForSequenceClassification');
export const xlmRoberta = family('xlm-roberta', 'XLMRobertaForSequenceClassification');
export const camembert = family('camembert', 'CamembertForSequenceClassification');

function family(modelType: string, architecture: string): ModelFamily {
  return { modelType, architecture, classifier: (config, labels) => classifier(modelType, config, labels) };
}

function classifier(
  modelType: string,
  config: Readonly<Record<string, unknown>>,
  labels: number,
): Classifier {
  const c = readSettings(settings, config, modelType);
  headWidth(c.hidden_size, c.num_attention_heads);
  return {
    modelType,
    labels,
    hiddenSize: c.hidden_size,
    heads: c.num_attention_heads,
    vocabulary: c.vocab_size,
    initializerRange: c.initializer_range,
    wordEmbedding: 'roberta.embeddings.word_embeddings.weight',
    ...plainBatches,
    ...positionsBehind(c.pad_token_id, c.max_position_embeddings),
    tokenTypes: 'zero',
    loading: {
      prefixes: ['roberta.'],
      ballast: [...indexBuffers, /^lm_head\./, /^pooler\./],
      ...headNames,
    },
    build(model, batch, vocabulary) {
      const base = model.root.child('roberta').at('embeddings');
      const sizes = blockSizes(c);
      const tables = {
        vocabulary,
        types: c.type_vocab_size,
        positions: c.max_position_embeddings,
        width: c.hidden_size,
      };
      const embedded = bertEmbeddings(base.child('embeddings'), batch, tables, sizes);
      const encoded = bertLayers(base.child('encoder'), embedded, batch, c.num_hidden_layers, sizes);
      return classificationHead(model.root.child('classifier'), firstTokens(base, encoded, batch), {
        hidden: c.hidden_size,
        labels,
        activation: 'tanh',
        dropout: c.classifier_dropout ?? c.hidden_dropout_prob,
      });
    },
  };
}
