import { z } from 'zod';
import { InputFault } from '../../errors/fault.js';
import type { BlockSizes } from '../nn/blocks.js';
import { blockSizes } from './bert-encoder.js';
import { activation, encoderSettings, headWidth, probability, readSettings, size } from './settings.js';

const attentionTypes = z
  .union([z.string().transform((text) => text.split('|').map((part) => part.trim())), z.array(z.string())])
  .pipe(z.array(z.enum(['c2p', 'p2c'])));

/** DeBERTa-v2 settings; names and defaults as in transformers' `DebertaV2Config`. */
const schema = encoderSettings.extend({
  layer_norm_eps: z.number().positive().max(0.1).default(1e-7),
  type_vocab_size: z.number().int().min(0).max(1024).default(0),
  embedding_size: size(16_384).nullish(),
  relative_attention: z.boolean().default(false),
  max_relative_positions: z.number().int().max(131_072).default(-1),
  position_buckets: z.number().int().max(65_536).default(-1),
  position_biased_input: z.boolean().default(true),
  pos_att_type: attentionTypes.nullish(),
  share_att_key: z.boolean().default(false),
  norm_rel_ebd: z.string().default('none'),
  conv_kernel_size: z.number().int().min(0).max(15).default(0),
  conv_groups: z.number().int().default(1),
  conv_act: activation.default('tanh'),
  pooler_dropout: probability.default(0),
  pooler_hidden_act: activation.default('gelu'),
  pooler_hidden_size: size(16_384).nullish(),
  cls_dropout: probability.nullish(),
});

/** The settings with what follows from them. */
export type Settings = z.infer<typeof schema> & {
  readonly attentionTypes: readonly ('c2p' | 'p2c')[];
  /** Positional terms the scores are scaled for; the reference counts them without relative attention too. */
  readonly scoreTerms: number;
  readonly maxRelative: number;
  /** Half the rows of the relative embeddings. */
  readonly span: number;
  readonly sizes: BlockSizes;
};

/** @throws InputFault where a setting is missing, out of range or not supported */
export function readDebertaSettings(config: Readonly<Record<string, unknown>>): Settings {
  return derive(readSettings(schema, config, 'deberta-v2'));
}

function derive(c: z.infer<typeof schema>): Settings {
  headWidth(c.hidden_size, c.num_attention_heads);
  const refuse = (what: string): never => {
    throw new InputFault({ where: 'config.json', what, remedy: 'Use a checkpoint without that setting.' });
  };
  if (c.conv_groups !== 1) refuse(`conv_groups ${c.conv_groups} is not supported`);
  if (c.conv_kernel_size > 0 && c.conv_kernel_size % 2 === 0)
    refuse('an even conv_kernel_size is not supported');
  if ((c.pooler_hidden_size ?? c.hidden_size) !== c.hidden_size)
    refuse('pooler_hidden_size differs from hidden_size');
  // Half a bucket is no distance: the reference divides by it.
  if (c.position_buckets === 1) refuse('position_buckets 1 is not supported');
  const types = [...new Set(c.pos_att_type ?? [])];
  const maxRelative = c.max_relative_positions < 1 ? c.max_position_embeddings : c.max_relative_positions;
  return {
    ...c,
    attentionTypes: c.relative_attention ? types : [],
    scoreTerms: types.length,
    maxRelative,
    span: c.position_buckets > 0 ? c.position_buckets : maxRelative,
    sizes: blockSizes(c),
  };
}
