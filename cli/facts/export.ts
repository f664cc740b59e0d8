import { z } from 'zod';

/** What `export` prints. */
export const exportedFolderSchema = z.object({
  output: z.string().describe('the folder'),
  run: z.string().describe("the run's id; of a folder that was verified, that of the run it was made of"),
  models: z.array(z.string()).describe('the folders of the models, by path within the folder'),
  graph: z.string().nullable().describe('the ONNX model of the whole ensemble; null where there is none'),
  notes: z.array(z.string()).describe('what was not written, and why'),
  files: z.int().describe('how many files it has'),
  bytes: z
    .int()
    .describe('of all files; on this disk some may be second names of files that are there already'),
});
