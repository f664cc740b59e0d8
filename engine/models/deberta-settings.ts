import { z } from 'zod';
import { InputFault } from '../../errors/fault.js';
import type { BlockSizes } from '../nn/blocks.js';
import { blockSizes } from './bert-encoder.js';
import { indexBuffers } from './family.js';
import { activation, encoderSettings, headWidth, probability, size } from './settings.js';

const attentionTypes = z
  .union([z.string().transform((text) => text.split('|').map((part) => part.trim())), z.array(z.string())])
  .pipe(z.array(z.enum(['c2p', 'p2c'])));

/** Settings of DeBERTa and DeBERTa-v2; names and defaults as in transformers' `DebertaConfig`. */
export const debertaSchema = encoderSettings.extend({
  layer_norm_eps: z.number().positive().max(0.1).default(1e-7),
  type_vocab_size: z.number().int().min(0).max(1024).default(0),
  embedding_size: size(16_384).nullish(),
  relative_attention: z.boolean().default(false),
  max_relative_positions: z.number().int().max(131_072).default(-1),
  position_biased_input: z.boolean().default(true),
  pos_att_type: attentionTypes.nullish(),
  pooler_dropout: probability.default(0),
  pooler_hidden_act: activation.default('gelu'),
  pooler_hidden_size: size(16_384).nullish(),
  cls_dropout: probability.nullish(),
});

/** What follows from the settings. */
export interface Derived {
  readonly attentionTypes: readonly ('c2p' | 'p2c')[];
  /** Positional terms the scores are scaled for; the reference counts them without relative attention too. */
  readonly scoreTerms: number;
  readonly maxRelative: number;
  readonly sizes: BlockSizes;
}

export type DebertaSettings = z.infer<typeof debertaSchema> & Derived;

/** @throws InputFault where a setting is not supported */
export function derive<C extends z.infer<typeof debertaSchema>>(c: C): C & Derived {
  headWidth(c.hidden_size, c.num_attention_heads);
  if ((c.pooler_hidden_size ?? c.hidden_size) !== c.hidden_size)
    refuse('pooler_hidden_size differs from hidden_size');
  const types = [...new Set(c.pos_att_type ?? [])];
  return {
    ...c,
    attentionTypes: c.relative_attention ? types : [],
    scoreTerms: types.length,
    maxRelative: c.max_relative_positions < 1 ? c.max_position_embeddings : c.max_relative_positions,
    sizes: blockSizes(c),
  };
}

export function refuse(what: string): never {
  throw new InputFault({ where: 'config.json', what, remedy: 'Use a checkpoint without that setting.' });
}

/** Names of tensors that are no part of a classifier. */
export function pretrainingTensors(c: DebertaSettings): readonly RegExp[] {
  return [
    ...indexBuffers,
    /^(lm_predictions|mask_predictions|cls)\./,
    ...(c.position_biased_input ? [] : [/(^|\.)embeddings\.position_embeddings\.weight$/]),
  ];
}
