import type { Value } from '../graph/graph.js';
import { attention } from '../nn/attention.js';
import { activate, embedding, layerNorm, linear, sum } from '../nn/layers.js';
import type { PackedBatch } from '../nn/packing.js';
import { firstTokens, meanTokens } from '../nn/pooling.js';
import type { RotaryAngles } from '../nn/rotary.js';
import { rotaryAngles, rotated } from '../nn/rotary.js';
import type { Scope } from '../nn/scope.js';
import { add, multiply } from '../ops/arithmetic.js';
import { split } from '../ops/layout.js';
import { classifierLogits } from './classification-head.js';
import type { Classifier, ModelFamily } from './family.js';
import { plainBatches } from './family.js';
import type { LayerAttention, Settings } from './modernbert-settings.js';
import { readModernBertSettings } from './modernbert-settings.js';
import { encoderFacts } from './settings.js';

/**
 * ModernBERT (Warner et al. 2024) with a classification head; the reference is transformers'
 * `ModernBertForSequenceClassification`. Norms stand before attention and feed-forward, positions turn queries
 * and keys, most layers attend to a window only, and the feed-forward is gated. Parameter paths are its
 * checkpoint's keys.
 */
export const modernbert: ModelFamily = {
  modelType: 'modernbert',
  architecture: 'ModernBertForSequenceClassification',
  pooled: (config, pooling) => ({ ...config, classifier_pooling: pooling === 'mean' ? 'mean' : 'cls' }),
  classifier(config, labels): Classifier {
    const c = readModernBertSettings(config);
    return {
      modelType: 'modernbert',
      labels,
      ...encoderFacts(c),
      maxLength: c.max_position_embeddings,
      wordEmbedding: 'model.embeddings.tok_embeddings.weight',
      ...plainBatches,
      window: c.window,
      averaged: c.classifier_pooling === 'mean',
      loading: {
        prefixes: ['model.'],
        ballast: [/^decoder\./],
        heads: [/^classifier\./, /^head\./],
        labelled: /^classifier\./,
      },
      build(model, batch, vocabulary) {
        const root = model.root;
        const encoded = encode(root.child('model').at('embeddings'), batch, c, vocabulary);
        const pool = c.classifier_pooling === 'mean' ? meanTokens : firstTokens;
        const pooled = head(root.child('head'), pool(root, encoded, batch), c);
        const dropout = c.classifier_dropout;
        return classifierLogits(root, pooled, { width: c.hidden_size, labels, dropout });
      },
    };
  },
};

/** Embeddings and layers: → `[tokens, hidden]`. */
function encode(scope: Scope, batch: PackedBatch, c: Settings, vocabulary: number): Value {
  const at = scope.child('embeddings');
  const words = embedding(at.child('tok_embeddings'), batch.tokenIds, vocabulary, c.hidden_size);
  let x = at.dropout(norm(at.child('norm'), words, c), c.embedding_dropout, 'sum');
  const reach = reaches(scope, batch, c);
  c.layers.forEach((kind, i) => {
    const layer = scope.child(`layers.${i}`).at(i);
    const entering = layer.entering(x);
    x = layer.tape.segment(() => {
      // The embeddings are normalised already.
      const normed = i === 0 ? entering : norm(layer.child('attn_norm'), entering, c);
      const attended = sum(
        layer,
        entering,
        selfAttention(layer.attention('attn'), normed, batch, reach(kind), c),
      );
      const fed = gatedFeedForward(layer.child('mlp'), norm(layer.child('mlp_norm'), attended, c), c);
      return sum(layer, attended, fed);
    });
  });
  const last = scope.child('final_norm').at('head');
  return norm(last, last.entering(x), c);
}

/** What a layer of a kind attends to. */
interface Reach {
  readonly angles: RotaryAngles;
  /** Per group, what is added to the scores. */
  readonly masks: readonly Value[];
}

/** Angles and masks by the kind of a layer, each made once. */
function reaches(scope: Scope, batch: PackedBatch, c: Settings): (kind: LayerAttention) => Reach {
  const known = new Map<boolean, Reach>();
  return ({ local, base }) => {
    const found = known.get(local);
    if (found !== undefined) return found;
    const masks = batch.groups.map(({ keyMask, windowMask }) =>
      local ? scope.tape.apply(add, { a: keyMask, b: windowMask as Value }) : keyMask,
    ); // [heads·batch, length, length], or with one row for all queries
    const reach = { angles: rotaryAngles(scope, batch.positions, c.headDim, base), masks };
    known.set(local, reach);
    return reach;
  };
}

function selfAttention(scope: Scope, x: Value, batch: PackedBatch, reach: Reach, c: Settings): Value {
  const { hidden_size: hidden, num_attention_heads: heads, attention_bias: bias } = c;
  const joint = linear(scope.child('Wqkv'), x, hidden, 3 * hidden, { bias, part: 'joint' });
  const sizes = [hidden, hidden, hidden];
  const [query, key, value] = scope.tape.applyAll(split, { x: joint }, { axis: 1, sizes });
  const projections = {
    query: rotated(scope, query as Value, heads, reach.angles),
    key: rotated(scope, key as Value, heads, reach.angles),
    value: value as Value,
  };
  const alpha = 1 / Math.sqrt(c.headDim);
  const { masks } = reach;
  const context = attention(scope, projections, batch, { heads, alpha, dropout: c.attention_dropout, masks });
  const output = linear(scope.child('Wo'), context, hidden, hidden, { bias, part: 'context' });
  return scope.dropout(output, c.attention_dropout, 'attention');
}

/** Wo(act(x·W₁) ⊙ x·W₂), the two products of one matrix (Shazeer 2020, GEGLU). */
function gatedFeedForward(scope: Scope, x: Value, c: Settings): Value {
  const { hidden_size: hidden, intermediate_size: width, mlp_bias: bias } = c;
  const joint = linear(scope.child('Wi'), x, hidden, 2 * width, { bias, part: 'expand' });
  const [input, gate] = scope.tape.applyAll(split, { x: joint }, { axis: 1, sizes: [width, width] });
  const activated = activate(scope, input as Value, c.hidden_activation);
  const gated = scope.tape.apply(multiply, { a: activated, b: gate as Value });
  const dropped = scope.dropout(gated, c.mlp_dropout, 'gate');
  return linear(scope.child('Wo'), dropped, width, hidden, { bias, part: 'contract' });
}

function head(scope: Scope, pooled: Value, c: Settings): Value {
  const { hidden_size: hidden, classifier_bias: bias } = c;
  const dense = linear(scope.child('dense'), pooled, hidden, hidden, { bias });
  return norm(scope.child('norm'), activate(scope, dense, c.classifier_activation), c);
}

function norm(scope: Scope, x: Value, c: Settings): Value {
  return layerNorm(scope, x, c.hidden_size, c.norm_eps, { bias: c.norm_bias });
}
