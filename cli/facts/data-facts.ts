import { z } from 'zod';

/** The tables of a run, as its result tells of them. */
export const dataFactsSchema = z.object({
  train: z.string().describe('the name of the training table'),
  rows: z.int().describe('its rows'),
  digest: z
    .string()
    .nullable()
    .describe('SHA-256 of its texts and labels, in order; null in results of earlier versions'),
});

export type DataFacts = z.infer<typeof dataFactsSchema>;
