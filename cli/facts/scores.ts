import { z } from 'zod';

/** How a scoring ended: what `score` prints. */
export const scoreOutcomeSchema = z.object({
  score: z.string().describe("the scoring's name: that of its directory"),
  workflowId: z.string().describe('its workflow id'),
  state: z.enum(['planning', 'scoring', 'joining', 'completed', 'failed', 'cancelled']),
  failure: z.string().nullable().describe('why it failed or was terminated'),
  seconds: z.number().min(0).describe('since it was started'),
  directory: z.string().nullable().describe('its directory; null where this machine has none'),
  rows: z.object({ all: z.int(), done: z.int() }),
  chunks: z.object({
    all: z.int(),
    done: z.int(),
    reused: z.int().describe('those that an earlier scoring had done'),
  }),
  devices: z
    .record(z.string(), z.int())
    .nullable()
    .describe('how many chunks were scored on which device; null before its end'),
  drift: z
    .enum(['none', 'moderate', 'large', 'unknown'])
    .nullable()
    .describe('how far its rows are from the training rows; null before its end'),
  warnings: z.array(z.string()).describe('what the table has that a person should look at, drift included'),
});

export type ScoreOutcome = z.infer<typeof scoreOutcomeSchema>;
