import { z } from 'zod';

/** What `tensorboard` prints. */
export const exportedRunsSchema = z.object({
  output: z.string().describe('the folder, for `tensorboard --logdir`'),
  runs: z.array(
    z.object({
      run: z.string().describe("the run's id"),
      files: z.array(z.string()).describe('what was written of it, by path within the folder'),
    }),
  ),
});
