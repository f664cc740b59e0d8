import { z } from 'zod';
import { scoreSchema } from './run-outcome.js';

/** What `compare` prints. */
export const comparisonSchema = z.object({
  runs: z.array(z.string()).length(2).describe('the ids of both'),
  scores: z.array(
    z.object({
      name: z.string().describe('a label, or `macro`'),
      score: z.enum(['atHalf', 'tuned', 'crossFitted']),
      first: scoreSchema,
      second: scoreSchema,
      change: z.number().nullable().describe('second − first'),
    }),
  ),
  settings: z
    .array(
      z.object({
        path: z.string(),
        first: z.unknown().optional().describe('absent where the first run does not have it'),
        second: z.unknown().optional().describe('absent where the second run does not have it'),
      }),
    )
    .describe('settings that the runs do not share'),
});
