import { z } from 'zod';
import { runStateSchema } from './run-outcome.js';

const shownState = z
  .enum(['pending', 'queued', 'running', 'reused', 'completed', 'failed', 'skipped'])
  .describe('`queued` while it waits for a free worker');

const epochSchema = z.object({
  epoch: z.int(),
  trainLoss: z.number().nullable(),
  valLoss: z.number().nullable(),
  macroF1: z.number().nullable().describe('of the held-out rows, at 0.5'),
});

const cellSchema = z.object({
  cell: z.string().describe('its name: `3`, or `seed-42/3` in a matrix over more than folds'),
  member: z.string().describe('the member of the ensemble; empty where folds are the only axis'),
  fold: z.int().describe('from 1'),
  state: shownState,
  activityId: z.string(),
  message: z.string().nullable().describe('why it failed, or what was reused'),
  epochs: z.array(epochSchema).describe('epochs done so far'),
  bestF1: z.number().nullable(),
});

const stepSchema = z.object({
  step: z.string(),
  run: z.string().describe('the activity'),
  needs: z.array(z.string()),
  state: shownState,
  message: z.string().nullable(),
  cells: z.array(cellSchema).describe('of its matrix; empty for a plain step'),
});

const heartbeatSchema = z.object({
  fold: z.int(),
  epoch: z.number(),
  epochs: z.number(),
  step: z.number(),
  steps: z.number(),
  loss: z.number().nullable(),
  secondsPerStep: z.number().nullable(),
  on: z
    .object({
      device: z.string(),
      card: z
        .object({
          name: z.string(),
          memoryBytes: z.number().nullable().describe('null where its driver does not say'),
        })
        .optional()
        .describe('where the device is a card that is known'),
      precision: z.string().optional().describe('where it is not float32'),
    })
    .optional()
    .describe('what it trains on; absent where its worker does not tell'),
});

const liveSchema = z.object({
  activityId: z.string(),
  attempt: z.int().describe('1 for the first'),
  phase: z.enum(['queued', 'running', 'paused', 'cancelling']),
  heartbeat: heartbeatSchema.nullable().describe('how far the fold is, some seconds ago'),
  lastFailure: z.string().nullable().describe('why the attempt before failed'),
  handedOver: z.boolean().describe('whether the worker of the attempt before was asked to stop'),
});

/** One look at a run: what `status` prints. */
export const runStatusSchema = z.object({
  workflowId: z.string().describe('its workflow id'),
  progress: z
    .object({
      run: z.string().describe("the run's id: the name of its directory"),
      pipeline: z.string().describe('empty where the pipeline could not be read'),
      state: runStateSchema,
      waitingFor: z.string().nullable().describe('what it waits for, while it does'),
      steps: z.array(stepSchema).describe('empty where no worker answers for a run that has ended'),
    })
    .describe('what the run says of itself'),
  live: z.array(liveSchema).describe('what the server holds as under way'),
  elapsedSeconds: z.number(),
  failure: z.string().nullable().describe('why it failed or was terminated'),
});
