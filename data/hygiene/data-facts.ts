import { z } from 'zod';
import { labelCountsSchema } from './label-counts.js';
import { lengthsSchema } from './lengths.js';
import { repeatedTextsSchema } from './repeats.js';
import { scriptDistance } from './scripts.js';
import type { TextProfile } from './text-profile.js';

const share = z.number().min(0).max(1);

/** What the texts of one table are like. */
export const tableFactsSchema = z.object({
  rows: z.int().min(0),
  /** Texts of white space alone. */
  empty: z.int().min(0),
  characters: lengthsSchema,
  /** Of all letters, by script. */
  scripts: z.record(z.string(), share),
});
export type TableFacts = Readonly<z.output<typeof tableFactsSchema>>;

/** What a pipeline's tables are like: numbers and row numbers, never a text. */
export const dataFactsSchema = z.object({
  train: tableFactsSchema,
  /** Null without rows to predict. */
  test: tableFactsSchema.nullable(),
  labels: labelCountsSchema,
  /** Null where the texts were not compared. */
  repeated: repeatedTextsSchema.nullable(),
  /** How far the rows to predict are from the training rows, 0 to 1: their scripts, and their lengths. */
  drift: z.object({ scripts: share, lengths: share }).nullable(),
});
export type DataFacts = Readonly<z.output<typeof dataFactsSchema>>;

export function tableFacts({ rows, empty, lengths, scripts }: TextProfile): TableFacts {
  return { rows, empty, characters: lengths.summary(), scripts: { ...scripts.shares() } };
}

export function drift(train: TextProfile, test: TextProfile): NonNullable<DataFacts['drift']> {
  return {
    scripts: scriptDistance(train.scripts.shares(), test.scripts.shares()),
    lengths: train.lengths.distanceTo(test.lengths),
  };
}
