import { z } from 'zod';

/** A score between 0 and 1; null where it could not be computed. */
export const scoreSchema = z.number().min(0).max(1).nullable();

/** An interval with 95 % confidence; null where none is known. */
export const intervalSchema = z.array(z.number()).length(2).nullable();

export const runStateSchema = z.enum(['running', 'waiting', 'completed', 'failed', 'cancelled']);

export const macroF1Schema = z
  .strictObject({
    atHalf: scoreSchema.describe('decided at 0.5'),
    tuned: scoreSchema.describe('decided at thresholds tuned on the same rows'),
    crossFitted: scoreSchema.describe('decided at thresholds tuned on other rows: the honest one'),
  })
  .describe('macro F1 of the out-of-fold predictions');

/** How a run ended or stands: what `run` and `watch` print. */
export const runOutcomeSchema = z.object({
  run: z.string().describe("the run's id: the name of its directory"),
  workflowId: z.string().describe('its workflow id'),
  state: runStateSchema.describe('`waiting` where a failed fold waits for somebody to decide'),
  waitingFor: z.string().nullable().describe('what it waits for, while it does'),
  failure: z.string().nullable().describe('why it failed or was terminated'),
  seconds: z.number().min(0).describe('since it was started'),
  directory: z.string().nullable().describe('its directory; null where this machine has none'),
  files: z.array(z.string()).describe('what the directory holds'),
  macroF1: macroF1Schema.nullable().describe('macro F1; null where no thresholds were tuned'),
  skippedFolds: z.array(z.int()).describe('folds that somebody decided to go on without'),
  reused: z.array(z.string()).describe("steps whose outputs were all earlier runs'"),
  warnings: z.array(z.string()).describe('what the data and the folds warned of'),
});

export type RunOutcome = z.infer<typeof runOutcomeSchema>;
