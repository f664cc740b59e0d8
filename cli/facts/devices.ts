import { z } from 'zod';

/** What `devices` prints. */
export const devicesSchema = z.array(
  z.object({
    device: z.string().describe('as `--device` takes it; `cuda` where no card of it is known'),
    starts: z.boolean(),
    card: z.string().nullable().describe('what it computes on, as its driver names it'),
    driver: z.string().nullable(),
    memoryBytes: z.number().nullable().describe('of the card'),
    missing: z.array(z.object({ what: z.string(), remedy: z.string().optional() })),
  }),
);

/** What `devices fetch` prints. */
export const fetchedProviderSchema = z.object({
  folder: z.string().describe('what was fetched lies there'),
  version: z.string().describe('of ONNX Runtime'),
  fetched: z.boolean().describe('false where it was there already'),
});
