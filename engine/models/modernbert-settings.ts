import { z } from 'zod';
import { InputFault } from '../../errors/fault.js';
import { activation, commonSettings, headWidth, probability, readSettings, size } from './settings.js';

const layerType = z.enum(['full_attention', 'sliding_attention']);
const base = z.number().positive().max(1e9);
const rope = z.object({ rope_type: z.literal('default').default('default'), rope_theta: base.optional() });

/** ModernBERT's settings; names and defaults as in transformers' `ModernBertConfig`. */
const schema = commonSettings.extend({
  hidden_size: size(16_384).default(768),
  intermediate_size: size(65_536).default(1152),
  num_hidden_layers: size(256).default(22),
  num_attention_heads: size(256).default(12),
  max_position_embeddings: size(131_072).default(8192),
  hidden_activation: activation.default('gelu'),
  norm_eps: z.number().positive().max(0.1).default(1e-5),
  norm_bias: z.boolean().default(false),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  attention_dropout: probability.default(0),
  embedding_dropout: probability.default(0),
  mlp_dropout: probability.default(0),
  local_attention: size(131_072).default(128),
  layer_types: z.array(layerType).max(256).nullish(),
  rope_parameters: z.object({ full_attention: rope.nullish(), sliding_attention: rope.nullish() }).nullish(),
  rope_scaling: z.null().optional(),
  // Names of published checkpoints for the layers' types and bases.
  global_attn_every_n_layers: size(256).default(3),
  global_rope_theta: base.default(160_000),
  local_rope_theta: base.default(10_000),
  classifier_pooling: z.enum(['cls', 'mean']).default('cls'),
  classifier_dropout: probability.default(0),
  classifier_bias: z.boolean().default(false),
  classifier_activation: activation.default('gelu'),
});

/** How a layer attends: to the whole text or to a window of it, each with angles of its own. */
export interface LayerAttention {
  readonly local: boolean;
  /** Base of the rotary angles. */
  readonly base: number;
}

export type Settings = z.infer<typeof schema> & {
  readonly headDim: number;
  readonly layers: readonly LayerAttention[];
  /** Tokens on either side in local attention; null where no layer has it. */
  readonly window: number | null;
};

/** @throws InputFault where a setting is missing, out of range or not supported */
export function readModernBertSettings(config: Readonly<Record<string, unknown>>): Settings {
  const c = readSettings(schema, config, 'modernbert');
  const headDim = headWidth(c.hidden_size, c.num_attention_heads);
  if (headDim % 2 !== 0)
    throw refused('the width of a head is odd: its entries cannot be turned in pairs', headDim);
  const types =
    c.layer_types ??
    Array.from({ length: c.num_hidden_layers }, (_, i) =>
      i % c.global_attn_every_n_layers === 0 ? 'full_attention' : 'sliding_attention',
    );
  if (types.length !== c.num_hidden_layers)
    throw refused('layer_types has another length than num_hidden_layers', types.length);
  const bases = {
    full_attention: c.rope_parameters?.full_attention?.rope_theta ?? c.global_rope_theta,
    sliding_attention: c.rope_parameters?.sliding_attention?.rope_theta ?? c.local_rope_theta,
  };
  const layers = types.map((type) => ({ local: type === 'sliding_attention', base: bases[type] }));
  const window = layers.some(({ local }) => local) ? Math.floor(c.local_attention / 2) : null;
  return { ...c, headDim, layers, window };
}

function refused(what: string, found: number): InputFault {
  return new InputFault({
    where: 'config.json',
    what,
    found: `${found}`,
    remedy: 'Check that the folder holds an unchanged checkpoint of this family.',
  });
}
