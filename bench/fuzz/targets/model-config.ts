import { parseJsonObject } from '../../../engine/checkpoint/bounded-json.js';
import { familyOf } from '../../../engine/models/families.js';
import { parametersOf } from '../../../engine/inference/parameters.js';
import { mutateBytes, mutateJson, mutateText } from '../mutations.js';
import type { FuzzTarget } from '../target.js';

const bert = {
  model_type: 'bert',
  vocab_size: 100,
  hidden_size: 32,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  intermediate_size: 48,
  hidden_act: 'gelu',
  hidden_dropout_prob: 0.1,
  attention_probs_dropout_prob: 0.1,
  max_position_embeddings: 64,
  type_vocab_size: 2,
  initializer_range: 0.02,
  layer_norm_eps: 1e-12,
  position_embedding_type: 'absolute',
  id2label: { 0: 'joy', 1: 'fear', 2: 'sad' },
};

const deberta = {
  ...bert,
  model_type: 'deberta-v2',
  type_vocab_size: 0,
  relative_attention: true,
  position_buckets: 16,
  norm_rel_ebd: 'layer_norm',
  share_att_key: true,
  pos_att_type: 'p2c|c2p',
  max_relative_positions: -1,
  position_biased_input: false,
  pooler_dropout: 0,
  pooler_hidden_act: 'gelu',
  conv_kernel_size: 3,
  conv_act: 'gelu',
};

const roberta = { ...bert, model_type: 'roberta', type_vocab_size: 1, pad_token_id: 1 };

const albert = {
  ...bert,
  model_type: 'albert',
  embedding_size: 8,
  num_hidden_groups: 1,
  inner_group_num: 1,
  classifier_dropout_prob: 0.1,
};

const distilbert = {
  model_type: 'distilbert',
  vocab_size: 100,
  dim: 32,
  n_layers: 2,
  n_heads: 4,
  hidden_dim: 48,
  max_position_embeddings: 64,
  activation: 'gelu',
  dropout: 0.1,
  attention_dropout: 0.1,
  seq_classif_dropout: 0.2,
};

const modernbert = {
  ...distilbert,
  ...bert,
  model_type: 'modernbert',
  local_attention: 8,
  global_attn_every_n_layers: 2,
  global_rope_theta: 160_000,
  local_rope_theta: 10_000,
  layer_types: ['full_attention', 'sliding_attention'],
  rope_parameters: {
    full_attention: { rope_theta: 160_000, rope_type: 'default' },
    sliding_attention: { rope_theta: 10_000, rope_type: 'default' },
  },
  norm_eps: 1e-5,
  classifier_pooling: 'mean',
};

const configs = [
  bert,
  deberta,
  roberta,
  { ...bert, model_type: 'electra', embedding_size: 8 },
  { ...bert, model_type: 'mpnet', relative_attention_num_buckets: 32 },
  albert,
  distilbert,
  { ...deberta, model_type: 'deberta' },
  modernbert,
];

/** The settings of a model: which parameters of which shapes a checkpoint must have. */
export const modelConfig: FuzzTarget = {
  name: 'model-config',
  reads: 'config.json',
  extension: '.json',
  make(dice) {
    const config = dice.one(configs) ?? bert;
    const text = JSON.stringify(config);
    const kind = dice.one(['json', 'json', 'json', 'json', 'text', 'bytes'] as const);
    if (kind === 'text') return Buffer.from(mutateText(dice, text));
    if (kind === 'bytes') return mutateBytes(dice, Buffer.from(text));
    return Buffer.from(JSON.stringify(mutateJson(dice, config)));
  },
  run(input) {
    const config = parseJsonObject('config.json', input);
    const classifier = familyOf(config).classifier(config, 3);
    return Promise.resolve(parametersOf(classifier).map(({ name, shape }) => ({ name, shape })));
  },
};
