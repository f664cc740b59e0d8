import { z } from 'zod';

const place = z.string().describe('the store: a folder, or s3://bucket/prefix');
const bytes = z.int().min(0);
const name = z.string().describe('of the object, below the store');

/** What `store ls` prints. */
export const storedObjectsSchema = z.object({
  place,
  objects: z.array(
    z.object({
      name,
      bytes,
      modified: z.iso.datetime().describe('by the clock of the store'),
    }),
  ),
});

/** What `store du` prints. */
export const storedAmountsSchema = z.object({
  place,
  kinds: z.array(
    z.object({
      kind: z.string().describe('artifacts, tables, damaged, keys, checkpoints, runs, scores or uses'),
      objects: z.int().min(0),
      bytes,
    }),
  ),
  objects: z.int().min(0),
  bytes,
});

/** What `store put` prints. */
export const storedTableSchema = z.object({
  uri: z.string().describe('what names the table in a pipeline, and to score'),
  sha256: z.string().describe('of its bytes'),
});

/** What `store reinstate` prints. */
export const reinstatedStoreSchema = z.object({
  place,
  mark: z.string().describe('by which open runs know it'),
});

/** What `store gc` prints. */
export const collectedStoreSchema = z.object({
  place,
  removed: z.boolean().describe('false: it only looked what it would remove'),
  untouchedSince: z.iso.datetime().describe('what was written since then stays, by the clock of the store'),
  open: z
    .object({
      names: z.array(z.string()).describe('of runs and scorings'),
      since: z.iso.datetime().nullable(),
    })
    .nullable()
    .describe('null: no server was asked'),
  kinds: z.array(
    z.object({
      kind: z
        .string()
        .describe('artifacts, damaged, keys, checkpoints, runs, scores, uses, unfinished or cache'),
      objects: z.int().min(0),
      bytes,
    }),
  ),
  objects: z.int().min(0),
  bytes,
  forgotten: z.array(z.string()).describe('runs and scorings that are not kept'),
});

/** What `store verify` prints. */
export const verifiedStoreSchema = z.object({
  place,
  artifacts: z.int().min(0).describe('those that were read'),
  bytes,
  damaged: z
    .array(z.object({ name, sha256: z.string().describe('of the bytes that it has') }))
    .describe('artifacts whose bytes are not those they are named after'),
});
