import { z } from 'zod';

/** What `devices fetch` prints. */
export const fetchedProviderSchema = z.object({
  folder: z.string().describe('what was fetched lies there'),
  version: z.string().describe('of ONNX Runtime'),
  fetched: z.boolean().describe('false where it was there already'),
});
