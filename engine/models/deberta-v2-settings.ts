import { z } from 'zod';
import type { Derived } from './deberta-settings.js';
import { debertaSchema, derive, refuse } from './deberta-settings.js';
import { activation, readSettings } from './settings.js';

/** DeBERTa-v2 settings; names and defaults as in transformers' `DebertaV2Config`. */
const schema = debertaSchema.extend({
  position_buckets: z.number().int().max(65_536).default(-1),
  share_att_key: z.boolean().default(false),
  norm_rel_ebd: z.string().default('none'),
  conv_kernel_size: z.number().int().min(0).max(15).default(0),
  conv_groups: z.number().int().default(1),
  conv_act: activation.default('tanh'),
});

/** The settings with what follows from them. */
export type Settings = z.infer<typeof schema> &
  Derived & {
    /** Half the rows of the relative embeddings. */
    readonly span: number;
  };

/** @throws InputFault where a setting is missing, out of range or not supported */
export function readDebertaV2Settings(config: Readonly<Record<string, unknown>>): Settings {
  const c = derive(readSettings(schema, config, 'deberta-v2'));
  if (c.conv_groups !== 1) refuse(`conv_groups ${c.conv_groups} is not supported`);
  if (c.conv_kernel_size > 0 && c.conv_kernel_size % 2 === 0)
    refuse('an even conv_kernel_size is not supported');
  // Half a bucket is no distance: the reference divides by it.
  if (c.position_buckets === 1) refuse('position_buckets 1 is not supported');
  return { ...c, span: c.position_buckets > 0 ? c.position_buckets : c.maxRelative };
}
