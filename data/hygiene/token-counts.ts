import { z } from 'zod';
import { lengthsSchema } from './lengths.js';

const count = z.int().min(0);

/** What a tokenizer makes of the texts of a table. */
export const tableTokensSchema = z.object({
  /** Texts that were looked at: all, or of a large table some at even distances. */
  texts: count,
  /** Texts longer than the model takes: what is beyond is not read. */
  cut: count,
  /** Of the texts whole, special tokens included. */
  lengths: lengthsSchema,
  /** Tokens without the special ones, and those of them that the vocabulary does not have. */
  tokens: count,
  unknown: count,
});
export type TableTokens = Readonly<z.output<typeof tableTokensSchema>>;

export const tokenCountsSchema = z.object({
  /** Tokens of a text at most, special ones included. */
  longest: z.int().min(1),
  train: tableTokensSchema,
  /** Null without rows to predict. */
  test: tableTokensSchema.nullable(),
});
export type TokenCounts = Readonly<z.output<typeof tokenCountsSchema>>;
