import { readFile } from 'node:fs/promises';
import { z } from 'zod';

const whole = z.number().int().min(0);

const batchFile = z.object({
  batches: z.array(z.object({ tokens: z.array(z.array(whole).min(1)), labels: z.array(z.array(whole)) })),
  /** Ids that occur in the whole training file, ascending: what a fold trains. */
  vocabulary: z.array(whole),
  /** Tokens of the largest batch that the training file could give. */
  mostTokens: whole,
});

/** The file that both sides read: pytorch_step.py takes its `batches`. */
export type BatchFile = z.infer<typeof batchFile>;

export async function readBatchFile(path: string): Promise<BatchFile> {
  return batchFile.parse(JSON.parse(await readFile(path, 'utf8')));
}
