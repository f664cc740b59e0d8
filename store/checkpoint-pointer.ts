import { z } from 'zod';
import type { ObjectStore, ObjectVersion } from './objects/object-store.js';
import { readSealed, sealed } from './sealed-json.js';
import { sha256Schema } from './store.js';

const ownerSchema = z.object({
  runId: z.string(),
  activityId: z.string(),
  attempt: z.int().min(1),
  /** The machine of the worker's process: where that is seen to be gone, its lease is over at once. */
  host: z.string(),
  pid: z.int(),
  started: z.string().nullable().default(null),
});

/** The attempt that may write a fold's checkpoints. */
export type CheckpointOwner = Readonly<z.output<typeof ownerSchema>>;

const fileSchema = z.object({
  /** Among the fold's objects, and nowhere else. */
  name: z.string().regex(/^[0-9a-f][0-9a-f-]{0,127}$/),
  sha256: sha256Schema,
  bytes: z.int().min(0),
});

/** A file of the shelf, by name among the fold's objects. */
export type ShelvedFile = Readonly<z.output<typeof fileSchema>>;

const checkpointSchema = z.object({ step: z.int().min(0), state: fileSchema, best: fileSchema.nullable() });
export type ShelvedCheckpoint = Readonly<z.output<typeof checkpointSchema>>;

/** Nobody may keep others waiting for longer. */
const mostLeaseMs = 3_600_000;

const common = {
  owner: ownerSchema,
  /** Fences writes: only the holder of the current token may publish. */
  token: z.uuid(),
  /** The seed that the checkpoints belong to. */
  seed: z.int().nullable(),
  /** Attempts that have owned these checkpoints so far. */
  attempts: z.int().min(0),
  /** Newest first, two at most. */
  checkpoints: z.array(checkpointSchema).max(2).readonly(),
};

const pointerSchema = z.object({
  ...common,
  /** Nobody holds the fold any more. */
  released: z.boolean(),
  /** How long the lease lasts for those who see the pointer unchanged. */
  leaseMs: z.int().min(1).max(mostLeaseMs),
  /** Counted up with each writing, so that a renewal is seen. */
  writes: z.int().min(0),
});

/** Who owns a fold's checkpoints and which there are: the truth about a fold in progress. */
export type CheckpointPointer = Readonly<z.output<typeof pointerSchema>>;

/** How long leases lasted that were judged by the clock. */
const earlierLeaseMs = 20_000;

/** Until version 0.4, when a pointer said until when its lease lasts. */
const earlierSchema = z
  .object({ ...common, leaseUntil: z.number() })
  .transform(({ leaseUntil, ...rest }): CheckpointPointer => ({
    ...rest,
    released: leaseUntil === 0,
    leaseMs: earlierLeaseMs,
    writes: 0,
  }));

export interface SeenPointer {
  /** What it was when it was read; null where there is none to be replaced. */
  readonly version: ObjectVersion | null;
  /** Changes whenever the pointer does. */
  readonly state: string;
  /** Null where there is none, or none that can be read. */
  readonly pointer: CheckpointPointer | null;
}

const nobody: SeenPointer = { version: null, state: '', pointer: null };

/** The objects of a fold's checkpoints. @throws RangeError for what is no key */
export function checkpointFolder(key: string): string {
  if (!/^[0-9a-f-]{16,128}$/.test(key)) throw new RangeError('a checkpoint key is hex');
  return `checkpoints/${key}`;
}

export function pointerName(key: string): string {
  return `${checkpointFolder(key)}/pointer.json`;
}

export async function readPointer(objects: ObjectStore, key: string): Promise<SeenPointer> {
  const found = await readSealed(objects, pointerName(key), pointerSchema);
  if (found === null) return readEarlier(objects, key);
  return { version: found.version, state: found.version, pointer: found.value };
}

/** Compare-and-swap. @returns the new version; null where the pointer has changed since it was seen */
export function swapPointer(
  objects: ObjectStore,
  key: string,
  version: ObjectVersion | null,
  pointer: CheckpointPointer,
): Promise<ObjectVersion | null> {
  const bytes = sealed(pointer);
  return version === null
    ? objects.putIfAbsent(pointerName(key), bytes)
    : objects.putIfMatch(pointerName(key), version, bytes);
}

/** Of a fold that version 0.4 or one before began in a folder: the highest of its numbered pointers that is whole. */
async function readEarlier(objects: ObjectStore, key: string): Promise<SeenPointer> {
  const prefix = `${checkpointFolder(key)}/pointer-`;
  const numbers: number[] = [];
  for await (const { name } of objects.list(prefix)) {
    const [, number] = /^(\d{1,9})\.json$/.exec(name.slice(prefix.length)) ?? [];
    if (number !== undefined) numbers.push(Number(number));
  }
  for (const number of numbers.sort((a, b) => b - a)) {
    const found = await readSealed(objects, `${prefix}${number}.json`, earlierSchema);
    if (found?.value != null)
      return { version: null, state: `${number} ${found.version}`, pointer: found.value };
  }
  return nobody;
}
