import { z } from 'zod';

/** What `doctor` prints. */
export const checksSchema = z.array(
  z.object({
    name: z.string(),
    state: z.enum(['fine', 'note', 'missing']).describe('`missing` keeps foldwise from working'),
    found: z.string(),
    remedy: z.string().optional(),
  }),
);
