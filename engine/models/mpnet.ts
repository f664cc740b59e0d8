import { z } from 'zod';
import type { Value } from '../graph/graph.js';
import type { Dim } from '../graph/shape.js';
import type { BlockSizes } from '../nn/blocks.js';
import { embeddings, residual, selfAttention } from '../nn/blocks.js';
import { firstTokens } from '../nn/pooling.js';
import type { PackedBatch, PackedGroup, RelativeSpread } from '../nn/packing.js';
import { bucketDims } from '../nn/packing.js';
import type { Scope } from '../nn/scope.js';
import { add } from '../ops/arithmetic.js';
import { expand, reshape, sliceRows, transpose } from '../ops/layout.js';
import { matMul } from '../ops/products.js';
import { skew } from '../ops/skew.js';
import { blockSizes, feedForward } from './bert-encoder.js';
import { classificationHead, headNames } from './classification-head.js';
import type { Classifier, ModelFamily } from './family.js';
import { indexBuffers, plainBatches } from './family.js';
import { mpnetBucket } from './relative-position.js';
import { encoderSettings, headWidth, positionsBehind, readSettings, encoderFacts } from './settings.js';

/**
 * MPNet (Song et al. 2020) with a classification head; the reference is transformers'
 * `MPNetForSequenceClassification`. To RoBERTa's positions it adds a learnt score for each head and each bucket
 * of relative positions, which all layers share. Parameter paths are its checkpoint's keys.
 */
const settings = encoderSettings.extend({
  // The reference has 32 buckets whatever the table holds.
  relative_attention_num_buckets: z.number().int().min(32).max(1024).default(32),
});

type Settings = z.infer<typeof settings>;

/** The reference takes no other, whatever the configuration says. */
const PADDING = 1;

export const mpnet: ModelFamily = {
  modelType: 'mpnet',
  architecture: 'MPNetForSequenceClassification',
  classifier(config, labels): Classifier {
    const c = readSettings(settings, config, 'mpnet');
    headWidth(c.hidden_size, c.num_attention_heads);
    return {
      modelType: 'mpnet',
      labels,
      ...encoderFacts(c),
      wordEmbedding: 'mpnet.embeddings.word_embeddings.weight',
      ...plainBatches,
      ...positionsBehind(PADDING, c.max_position_embeddings),
      relativePositions: { rows: c.relative_attention_num_buckets, rowOf: mpnetBucket },
      loading: {
        prefixes: ['mpnet.'],
        ballast: [...indexBuffers, /^lm_head\./, /^pooler\./],
        ...headNames,
      },
      build(model, batch, vocabulary) {
        const base = model.root.child('mpnet').at('embeddings');
        const encoded = encode(base, batch, c, vocabulary);
        return classificationHead(model.root.child('classifier'), firstTokens(base, encoded, batch), {
          hidden: c.hidden_size,
          labels,
          activation: 'tanh',
          dropout: c.hidden_dropout_prob,
        });
      },
    };
  },
};

/** Embeddings and layers: → `[tokens, hidden]`. */
function encode(scope: Scope, batch: PackedBatch, c: Settings, vocabulary: number): Value {
  const sizes = blockSizes(c);
  const at = scope.child('embeddings');
  const tables = [
    { place: at.child('word_embeddings'), ids: batch.tokenIds, rows: vocabulary },
    { place: at.child('position_embeddings'), ids: batch.positions, rows: c.max_position_embeddings },
  ];
  const encoder = scope.child('encoder');
  const biases = positionBiases(encoder.child('relative_attention_bias'), batch, c);
  let x = embeddings({ at, norm: at.child('LayerNorm'), tables }, c.hidden_size, sizes);
  for (let i = 0; i < c.num_hidden_layers; i++) {
    const place = encoder.child(`layer.${i}`).at(i);
    const entering = place.entering(x);
    x = encoder.tape.segment(() => layer(place, entering, biases, batch, sizes));
  }
  return scope.at('head').entering(x);
}

function layer(
  scope: Scope,
  x: Value,
  biases: readonly Value[],
  batch: PackedBatch,
  sizes: BlockSizes,
): Value {
  const attention = scope.attention('attention');
  const at = attention.child('attn');
  const projections = { at, query: at.child('q'), key: at.child('k'), value: at.child('v') };
  const context = selfAttention(projections, x, batch, sizes, biases);
  const output = { at: attention, dense: at.child('o'), norm: attention.child('LayerNorm') };
  return feedForward(scope, residual('attention', output, context, x, sizes.hidden, sizes), sizes);
}

/** Per group the learnt scores with the key mask: `[heads·batch, length, length]`. */
function positionBiases(scope: Scope, batch: PackedBatch, c: Settings): readonly Value[] {
  const heads = c.num_attention_heads;
  const rows = c.relative_attention_num_buckets;
  const table = scope.parameter('weight', [rows, heads], 'normal', 'bias');
  const used = scope.tape.apply(sliceRows, { x: table }, bucketDims); // [buckets, heads]
  return batch.groups.map((group) => {
    const bias = byDistance(scope, used, group, heads);
    return scope.tape.apply(add, { a: bias, b: group.keyMask });
  });
}

/** Scores of the buckets → of every pair of places: `[buckets, heads]` → `[heads·batch, length, length]`. */
function byDistance(scope: Scope, buckets: Value, { dims, spread }: PackedGroup, heads: number): Value {
  const { tape } = scope;
  const { descending } = spread as RelativeSpread;
  const { batch, length, window, headBatch } = dims;
  const to = (x: Value, ...shape: Dim[]): Value => tape.apply(reshape, { x }, { shape });
  const rows = tape.apply(matMul, { a: descending, b: buckets }, { transposeB: false, alpha: 1 });
  const byHead = tape.apply(transpose, { x: rows }, { permutation: [1, 0] }); // [heads, 2·length]
  const windows = tape.apply(expand, { x: to(byHead, heads, 1, window) }, { shape: [heads, length, window] });
  const pairs = to(tape.apply(skew, { x: windows }, dims), heads, 1, length, length);
  const texts = tape.apply(expand, { x: pairs }, { shape: [heads, batch, length, length] });
  return to(texts, headBatch, length, length);
}
