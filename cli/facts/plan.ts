import { z } from 'zod';
import { devicesSchema } from './devices.js';

const span = z.object({ least: z.number(), most: z.number() });

/** What `plan` prints. */
export const planSchema = z.object({
  pipeline: z
    .record(z.string(), z.unknown())
    .describe('the resolved pipeline, as pipeline.schema.json has it'),
  steps: z
    .array(
      z.object({
        name: z.string(),
        step: z
          .object({ run: z.string(), needs: z.array(z.string()) })
          .catchall(z.unknown())
          .describe('the step as the pipeline has it'),
        cells: z
          .array(z.object({ member: z.string(), fold: z.int() }))
          .describe('of its matrix, the member empty where folds are the only axis; empty for a plain step'),
      }),
    )
    .describe('in the order in which they can run'),
  rows: z.object({
    train: z.int(),
    test: z.int().nullable().describe('null in a pipeline without rows to predict'),
  }),
  facts: z
    .record(z.string(), z.unknown())
    .describe('what the tables are like, as `facts` of a result.json has it, without tokens'),
  warnings: z.array(z.string()).describe('what the tables warn of'),
  reuse: z
    .array(z.object({ step: z.string(), reused: z.int(), of: z.int() }))
    .describe('how many outputs of each step earlier runs have made'),
  estimate: z.object({
    optimizerSteps: z.int().describe('of the folds that have to be trained'),
    seconds: z.number().nullable().describe('one fold after the other; null where no earlier run tells'),
    judgedBy: z.string().nullable().describe('the earlier run that it is judged by'),
    toTrain: z.int().describe('the folds of all members that have to be trained'),
    folds: z
      .array(
        z.object({
          member: z.string().describe('empty where folds are the only axis'),
          folds: z.int().describe('of this member, to be trained'),
          seconds: span.describe('of each fold'),
          bytes: span.describe('of memory, of each fold at its most'),
          tokensPerText: z.number().describe('on average, of the first thousand texts'),
          operationsPerSecond: z
            .number()
            .describe('floating point operations of the matrix product that was timed'),
        }),
      )
      .describe(
        'what a fold takes, judged before anything was trained; without models that are not on this machine, and none where another device than the processor was named',
      ),
  }),
  device: devicesSchema.element
    .extend({
      precision: z.string().describe('that folds compute in there'),
      queues: z.array(z.string()).describe('that folds wait on, as `worker --queue` takes them'),
      folds: z
        .array(
          z.object({
            member: z.string().describe('empty where folds are the only axis'),
            folds: z.int().describe('of this member, to be trained'),
            precision: z.string(),
            textsAtOnce: z.int().describe('of a batch, that pass at once'),
            counted: z
              .object({
                state: z.number().describe('weights, moments and averages'),
                gradients: z.number(),
                copies: z.number().describe('of weights and gradients, while they are taken apart'),
                masks: z.number().describe('of dropout'),
                activations: z.number().describe('what a run computes on the way'),
                rows: z.number().describe('of tables that are looked up'),
                total: z.number().describe('of all of them'),
              })
              .describe('bytes of the memory of the card'),
            bytes: span.describe(
              'of the memory of the card: what it has to have at least, and what is expected to be taken of it with what its provider reserves',
            ),
            tokensPerText: z
              .number()
              .nullable()
              .describe('on average, of the first thousand texts; null of models from scratch'),
          }),
        )
        .describe('none of the processor'),
    })
    .optional()
    .describe('the device that was named'),
});
