import { z } from 'zod';

const warnings = z.array(z.string()).describe('what the table has that a person should look at');

/** What `predict` prints. */
export const predictedTableSchema = z.object({
  run: z.string().describe("the run's id"),
  output: z.string().describe('the file that was written'),
  kind: z.enum(['submission', 'predictions']).describe('labels, or probabilities'),
  format: z.enum(['csv', 'jsonl']),
  rows: z.int(),
  resumed: z.int().describe('rows of these that were there before it went on'),
  models: z.int().describe('how many scored them: those of members without weight need not'),
  device: z.string().describe('what they computed on: cpu, webgpu or cuda:0'),
  warnings,
});

/** What `init` prints. */
export const suggestedPipelineSchema = z.object({
  pipeline: z.string().describe('the file that was written'),
  rows: z.int(),
  labels: z.array(z.object({ name: z.string(), positives: z.int() })),
  text: z.string().describe('the column of the texts'),
  target: z
    .string()
    .nullable()
    .describe('the column of the class names; null where each label has a column of 0 and 1'),
  id: z.string().nullable().describe('the column of the ids; null where rows are numbered'),
  test: z.string().nullable().describe('the table of rows to predict; null where there is none'),
  maxLength: z.int().describe('in tokens'),
  left: z.array(z.object({ name: z.string(), why: z.string() })).describe('columns that look like labels'),
  warnings,
});
