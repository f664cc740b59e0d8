import { z } from 'zod';

/** What `export` prints. */
export const exportedFolderSchema = z.object({
  output: z.string().describe('the folder'),
  run: z.string().describe("the run's id; of a folder that was verified, that of the run it was made of"),
  models: z.array(z.string()).describe('the folders of the models, by path within the folder'),
  graph: z.string().nullable().describe('the ONNX model of the whole ensemble; null where there is none'),
  notes: z.array(z.string()).describe('what was not written, and why'),
  int8: z
    .object({
      included: z.boolean().describe('whether the models with products of 8 bits are in the folder'),
      unmeasured: z.string().nullable().describe('why it could not be measured; null where it was'),
      macroF1: z
        .object({ float32: z.number(), int8: z.number() })
        .nullable()
        .describe('of the whole ensemble, on the rows that its folds held out, by its thresholds'),
      maxLoss: z.number().describe('what may be lost of it'),
      rows: z.int().describe('how many rows that were'),
      change: z
        .object({ mean: z.number(), largest: z.number() })
        .nullable()
        .describe("of the ensemble's probabilities"),
      models: z
        .array(z.object({ folder: z.string(), float32: z.number(), int8: z.number() }))
        .describe('macro F1 of each model alone, on the rows of its fold'),
    })
    .nullable()
    .describe('what `--int8` measured; null where it was not asked for'),
  float16: z
    .object({
      unmeasured: z.string().nullable().describe('why it could not be measured; null where it was'),
      macroF1: z
        .object({ float32: z.number(), float16: z.number() })
        .nullable()
        .describe('of the whole ensemble, on the rows that its folds held out, by its thresholds'),
      rows: z.int().describe('how many rows that were'),
      change: z
        .object({ mean: z.number(), largest: z.number() })
        .nullable()
        .describe("of the ensemble's probabilities"),
    })
    .nullable()
    .describe('what `--float16` measured; null where it was not asked for'),
  files: z.int().describe('how many files it has'),
  bytes: z
    .int()
    .describe('of all files; on this disk some may be second names of files that are there already'),
});
