import { describe, expect, it } from 'vitest';
import { InputFault } from '../../../errors/fault.js';
import { familyOf, scratchFamily } from '../../../engine/models/families.js';
import type { Classifier } from '../../../engine/models/family.js';
import { inferenceGraph } from '../../../engine/inference/graphs.js';
import { goldenClassifier, goldenJson } from './golden-model.js';

function read(model: string, changes: Readonly<Record<string, unknown>>): Classifier {
  const config = { ...goldenJson<Record<string, unknown>>(model, 'config.json'), ...changes };
  return familyOf(config).classifier(config, 5);
}

describe('a configuration is refused, naming the setting,', () => {
  it.each<[string, string, Record<string, unknown>, RegExp]>([
    [
      'of an unknown family',
      'bert',
      { model_type: 'gpt2' },
      /model_type.*"gpt2".*one of bert, roberta, .*modernbert\./,
    ],
    ['of no family', 'bert', { model_type: undefined }, /model_type: .*null/],
    ['of a family that is no text', 'bert', { model_type: ['bert'] }, /model_type: .*\["bert"\]/],
    [
      'with heads that do not divide the hidden size',
      'bert',
      { num_attention_heads: 5 },
      /hidden_size is not a multiple of num_attention_heads; found 32 and 5/,
    ],
    [
      'with heads that do not divide the hidden size',
      'deberta-v3',
      { num_attention_heads: 5 },
      /hidden_size is not a multiple of num_attention_heads; found 32 and 5/,
    ],
    ['with another GELU', 'bert', { hidden_act: 'gelu_fast' }, /hidden_act: .*"gelu"/],
    ['with another GELU', 'deberta-v3', { hidden_act: 'gelu_fast' }, /hidden_act: .*"gelu"/],
    [
      'with relative keys',
      'bert',
      { position_embedding_type: 'relative_key' },
      /position_embedding_type: .*"absolute"/,
    ],
    ['with a grouped convolution', 'deberta-v2', { conv_groups: 2 }, /conv_groups 2 is not supported/],
    ['with an even convolution', 'deberta-v2', { conv_kernel_size: 4 }, /even conv_kernel_size/],
    [
      'with a pooler of another width',
      'deberta-v3',
      { pooler_hidden_size: 16 },
      /pooler_hidden_size differs from hidden_size/,
    ],
    ['with an unknown positional term', 'deberta-v3', { pos_att_type: 'c2p|p2p' }, /pos_att_type/],
    [
      'with one bucket, whose logarithms are not numbers',
      'deberta-v3',
      { position_buckets: 1 },
      /position_buckets/,
    ],
    ['that is a decoder', 'roberta-1', { is_decoder: true }, /is_decoder/],
    [
      'whose positions end before they begin',
      'roberta-1',
      { pad_token_id: 100 },
      /max_position_embeddings leaves no position.*found 4\d and 100/,
    ],
    ['with fewer buckets than are used', 'mpnet-1', { relative_attention_num_buckets: 31 }, /num_buckets/],
    ['with absurdly many inner layers', 'albert-1', { inner_group_num: 9 }, /inner_group_num/],
    ['with talking heads', 'deberta-1', { talking_head: true }, /talking_head/],
    ['with an odd head', 'modernbert-1', { num_attention_heads: 12, hidden_size: 36 }, /odd.*found 3/],
    [
      'with a layer too few',
      'modernbert-1',
      { layer_types: ['full_attention'] },
      /layer_types.*num_hidden_layers/,
    ],
    ['with an unknown kind of layer', 'modernbert-1', { layer_types: ['linear'] }, /layer_types/],
    [
      'with stretched angles',
      'modernbert-1',
      { rope_parameters: { full_attention: { rope_type: 'yarn', rope_theta: 1e4 } } },
      /rope_parameters\.full_attention\.rope_type/,
    ],
    ['with scaled angles', 'modernbert-1', { rope_scaling: { factor: 2 } }, /rope_scaling/],
    ['with another pooling', 'modernbert-1', { classifier_pooling: 'max' }, /classifier_pooling/],
    ['without layers', 'bert', { num_hidden_layers: 0 }, /num_hidden_layers/],
    ['without a vocabulary', 'bert', { vocab_size: undefined }, /vocab_size/],
    ['with half a row', 'bert', { vocab_size: 10.5 }, /vocab_size/],
    ['with a size as text', 'bert', { hidden_size: '32' }, /hidden_size/],
    ['with an absurd vocabulary', 'bert', { vocab_size: 1e9 }, /vocab_size/],
    ['with an absurd width', 'bert', { hidden_size: 2 ** 31 }, /hidden_size/],
    ['with absurdly many layers', 'deberta-v3', { num_hidden_layers: 1e6 }, /num_hidden_layers/],
    ['with an absurd feed-forward', 'deberta-v3', { intermediate_size: 1e12 }, /intermediate_size/],
    ['with absurdly many positions', 'bert', { max_position_embeddings: 1e9 }, /max_position_embeddings/],
    ['with absurdly many buckets', 'deberta-v3', { position_buckets: 1e9 }, /position_buckets/],
    ['that drops everything', 'bert', { hidden_dropout_prob: 1 }, /hidden_dropout_prob/],
    ['with a negative rate', 'deberta-v3', { pooler_dropout: -0.1 }, /pooler_dropout/],
    ['without a deviation for new weights', 'bert', { initializer_range: 0 }, /initializer_range/],
  ])('%s (%s)', (_, model, changes, message) => {
    expect(() => read(model, changes)).toThrow(InputFault);
    expect(() => read(model, changes)).toThrow(message);
  });

  it('with all its faults at once', () => {
    const read5 = (): Classifier => read('bert', { hidden_act: 'swish', vocab_size: 0, hidden_size: null });
    expect(read5).toThrow(/vocab_size.*hidden_size.*hidden_act/);
  });
});

describe('a configuration is read as transformers reads it:', () => {
  it.each<[string, string, Record<string, unknown>, Partial<Classifier>]>([
    ['BERT knows no longer texts than its positions', 'bert', {}, { maxLength: 64, tokenTypes: 'fed' }],
    ['DeBERTa-v3 knows no longest text', 'deberta-v3', {}, { maxLength: null, tokenTypes: 'absent' }],
    ['absolute positions bound DeBERTa-v2', 'deberta-v2', {}, { maxLength: 64, tokenTypes: 'fed' }],
    [
      'relative attention is off unless it is asked for',
      'deberta-v3',
      { relative_attention: undefined },
      { relativePositions: null },
    ],
    [
      'RoBERTa begins behind padding',
      'roberta-2',
      {},
      { maxLength: 45, positions: { first: 2, skipped: 1 } },
    ],
    ['MPNet begins behind 1 whatever is said', 'mpnet-1', { pad_token_id: 9 }, { maxLength: 49 }],
    ['DistilBERT has no token types', 'distilbert-1', {}, { maxLength: 44, tokenTypes: 'absent' }],
    ['ModernBERT looks half a window to either side', 'modernbert-2', {}, { window: 4, averaged: true }],
    [
      'ModernBERT without local layers has no window',
      'modernbert-2',
      { global_attn_every_n_layers: 1 },
      { window: null },
    ],
    ['no convolution reads no neighbours', 'deberta-v3', {}, { neighbours: [] }],
    [
      'a convolution over five reads two on either side',
      'deberta-v2',
      { conv_kernel_size: 5 },
      { neighbours: [-2, -1, 1, 2] },
    ],
    ['a convolution over one reads none', 'deberta-v2', { conv_kernel_size: 1 }, { neighbours: [] }],
  ])('%s', (_, model, changes, expected) => {
    expect(read(model, changes)).toMatchObject(expected);
  });

  it.each([
    ['as many rows as two spans of buckets', {}, 16],
    ['without buckets, two spans of positions', { position_buckets: -1 }, 128],
    [
      'without buckets, two spans of the relative positions given',
      { position_buckets: -1, max_relative_positions: 10 },
      20,
    ],
  ])('the relative embeddings have %s', (_, changes, rows) => {
    expect(read('deberta-v3', changes).relativePositions?.rows).toBe(rows);
  });
});

describe('a model from scratch', () => {
  const sizes = { hiddenSize: 24, layers: 2, heads: 3, intermediateSize: 48, vocabulary: 60, maxLength: 40 };

  it.each(['bert', 'deberta-v2'] as const)(
    'of type %s is one that its family accepts, of the sizes asked for',
    (type) => {
      const family = scratchFamily(type);
      const classifier = family.classifier(family.scratchConfig(sizes), 4);
      expect(classifier).toMatchObject({ hiddenSize: 24, heads: 3, vocabulary: 60, labels: 4 });
      const { parameters } = inferenceGraph(classifier, { groups: 1, vocabulary: 60 });
      const shapeOf = (end: string): unknown => parameters.find(({ name }) => name.endsWith(end))?.shape;
      expect(shapeOf('word_embeddings.weight')).toEqual([60, 24]);
      expect(shapeOf('layer.1.intermediate.dense.weight')).toEqual([48, 24]);
      expect(shapeOf('layer.2.intermediate.dense.weight')).toBeUndefined();
      expect(shapeOf('classifier.weight')).toEqual([4, 24]);
    },
  );
});

describe('fewer rows of the word embedding', () => {
  it.each(['bert', 'deberta-v3'])('change no other parameter of %s', (model) => {
    const classifier = goldenClassifier(model);
    const [all, few] = [classifier.vocabulary, 7].map(
      (vocabulary) => inferenceGraph(classifier, { groups: 1, vocabulary }).parameters,
    );
    expect(few?.map(({ name }) => name)).toEqual(all?.map(({ name }) => name));
    const changed = all?.filter(({ shape }, i) => `${few?.[i]?.shape.join()}` !== shape.join());
    expect(changed?.map(({ name }) => name)).toEqual([classifier.wordEmbedding]);
  });
});
