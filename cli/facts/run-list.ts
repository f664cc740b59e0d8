import { z } from 'zod';
import { dataFactsSchema } from './data-facts.js';
import { intervalSchema, runStateSchema, scoreSchema } from './run-outcome.js';

/** A line of `foldwise runs`. */
export const listedRunSchema = z.object({
  run: z.string().describe("the run's id: the name of its directory"),
  workflowId: z.string().nullable().describe('its workflow id; null where it is not known'),
  state: runStateSchema
    .nullable()
    .describe('null where no server tells, and no result says that it completed'),
  crossFitted: scoreSchema.describe('macro F1, cross-fitted; null where there is none yet'),
  interval: intervalSchema.describe(
    'where it lies with 95 % confidence; null where no result.json here tells',
  ),
  data: dataFactsSchema
    .nullable()
    .describe('what it was trained on; null where no result.json here tells, as below'),
  folds: z.int().nullable().describe('how many its pipeline has, those of all repeats'),
  members: z.int().nullable().describe('members of its ensemble; 1 where folds are the only axis'),
  startedAt: z.iso.datetime(),
  seconds: z.number().nullable().describe('from its start to its end; null where it has not ended'),
  directory: z.string().nullable().describe('its directory; null where the workdir has none'),
});

/** What `runs` prints: the latest first. */
export const runListSchema = z.array(listedRunSchema);

export type ListedRun = z.infer<typeof listedRunSchema>;
