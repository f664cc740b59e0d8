import { z } from 'zod';
import { InputFault } from '../../errors/fault.js';
import type { Classifier } from './family.js';

/** Bounds that keep a configuration from a stranger from asking for absurd amounts of memory. */
export const size = (most: number) => z.number().int().min(1).max(most);
export const probability = z.number().min(0).max(0.99);
export const activation = z.enum(['gelu', 'gelu_new', 'relu', 'tanh']);

/** Positions other than absolute ones are another model. */
export const absolutePositions = {
  position_embedding_type: z.literal('absolute').default('absolute'),
};

/** Not a schema of a record: that passes over a key `__proto__`. */
function hasNumbersAsKeys(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return (
    typeof value === 'object' &&
    !Array.isArray(value) &&
    Object.keys(value).every((key) => /^\d{1,9}$/.test(key))
  );
}

/** What every family names alike. */
export const commonSettings = z.object({
  vocab_size: size(4_000_000),
  max_position_embeddings: size(131_072).default(512),
  initializer_range: z.number().positive().lt(1).default(0.02),
  is_decoder: z.literal(false).default(false),
  id2label: z.unknown().refine(hasNumbersAsKeys, 'Invalid input: expected numbers as keys').optional(),
});

/** Settings of BERT's kind of encoder; names as in `config.json`. */
export const encoderSettings = commonSettings.extend({
  hidden_size: size(16_384),
  num_hidden_layers: size(256),
  num_attention_heads: size(256),
  intermediate_size: size(65_536),
  hidden_act: activation.default('gelu'),
  hidden_dropout_prob: probability.default(0.1),
  attention_probs_dropout_prob: probability.default(0.1),
  layer_norm_eps: z.number().positive().max(0.1).default(1e-12),
});

/** What the classifiers of most families say of their size, by the settings that they name alike. */
export function encoderFacts(
  c: Pick<
    z.infer<typeof encoderSettings>,
    'hidden_size' | 'num_attention_heads' | 'vocab_size' | 'initializer_range'
  >,
): Pick<Classifier, 'hiddenSize' | 'heads' | 'vocabulary' | 'initializerRange'> {
  return {
    hiddenSize: c.hidden_size,
    heads: c.num_attention_heads,
    vocabulary: c.vocab_size,
    initializerRange: c.initializer_range,
  };
}

/** @throws InputFault naming every setting that is missing or not supported */
export function readSettings<T>(
  schema: z.ZodType<T>,
  config: Readonly<Record<string, unknown>>,
  family: string,
): T {
  const parsed = schema.safeParse(config);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new InputFault({
    where: 'config.json',
    what: `settings of a '${family}' model are missing or not supported: ${faults.join('; ')}`,
    remedy: 'Check that the folder holds an unchanged checkpoint of this family.',
  });
}

/**
 * Positions that begin behind that of the padding token, as fairseq counts them.
 *
 * @throws InputFault where no position is left
 */
export function positionsBehind(padding: number, rows: number): Pick<Classifier, 'positions' | 'maxLength'> {
  const maxLength = rows - padding - 1;
  if (maxLength >= 1) return { positions: { first: padding + 1, skipped: padding }, maxLength };
  throw new InputFault({
    where: 'config.json',
    what: 'max_position_embeddings leaves no position behind that of pad_token_id',
    found: `${rows} and ${padding}`,
  });
}

/** The width of one attention head. @throws InputFault where the heads do not divide the hidden size */
export function headWidth(hidden: number, heads: number): number {
  if (hidden % heads === 0) return hidden / heads;
  throw new InputFault({
    where: 'config.json',
    what: 'hidden_size is not a multiple of num_attention_heads',
    found: `${hidden} and ${heads}`,
  });
}
