import { z } from 'zod';

const run = z.string().describe("the run's id: the name of its directory");
const workflowId = z.string().describe('its workflow id');

/** What `start` prints. */
export const startedRunSchema = z.object({
  run,
  workflowId,
  attached: z.boolean().describe('whether a run of the same pipeline was open already'),
});

/** What `retry` and `skip` print. */
export const decisionSchema = z.object({
  run,
  workflowId,
  decision: z.enum(['retry', 'skip']),
  answer: z.string().describe("the run's own words on what it does now"),
});

/** What `cancel` prints. */
export const cancellationSchema = z.object({
  run,
  workflowId,
  ended: z.boolean().describe('whether it had ended already, so that nothing was asked'),
});

/** What `report` prints. */
export const writtenReportSchema = z.object({
  run,
  report: z.string().describe('the file that was written'),
});
