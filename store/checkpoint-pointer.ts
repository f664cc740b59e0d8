import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { InputFault } from '../errors/fault.js';
import { createDurably } from './durable-file.js';
import { errorCode } from './faults.js';
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
  /** Within the key's folder, and nowhere else. */
  name: z.string().regex(/^[0-9a-f-]{1,128}$/),
  sha256: sha256Schema,
  bytes: z.int().min(0),
});

/** A file of the shelf, by name within the key's folder. */
export type ShelvedFile = Readonly<z.output<typeof fileSchema>>;

const checkpointSchema = z.object({ step: z.int().min(0), state: fileSchema, best: fileSchema.nullable() });
export type ShelvedCheckpoint = Readonly<z.output<typeof checkpointSchema>>;

const pointerSchema = z.object({
  owner: ownerSchema,
  /** Fences writes: only the holder of the current token may publish. */
  token: z.uuid(),
  /** Milliseconds since the epoch; 0 once released. */
  leaseUntil: z.number(),
  /** The seed that the checkpoints belong to. */
  seed: z.int().nullable(),
  /** Attempts that have owned these checkpoints so far. */
  attempts: z.int().min(0),
  /** Newest first, two at most. */
  checkpoints: z.array(checkpointSchema).max(2).readonly(),
});

/** Who owns a fold's checkpoints and which there are: the truth about a fold in progress. */
export type CheckpointPointer = Readonly<z.output<typeof pointerSchema>>;

export interface PointerVersion {
  /** 0 where there is none yet. */
  readonly version: number;
  /** Null where there is none, or none that can be read. */
  readonly pointer: CheckpointPointer | null;
}

const name = /^pointer-(\d{1,9})\.json$/;
/** Never reached by us; after a higher one that somebody put there, there would be no next. */
const mostVersions = 10 ** 9 - 1;

/** The pointer with the highest version; where that one is damaged, the one before it. */
export async function readPointer(folder: string): Promise<PointerVersion> {
  for (let attempt = 0; ; attempt++) {
    const present = await versions(folder);
    for (const version of present) {
      const pointer = await readVersion(folder, version);
      if (pointer !== null) return { version: present[0] ?? version, pointer };
    }
    // A writer may replace all that were listed before they are read; three times over, they are damaged.
    if (present.length === 0 || attempt === 2) return { version: present[0] ?? 0, pointer: null };
  }
}

/**
 * Compare-and-swap: becomes the pointer after version `expected`, unless another one did.
 *
 * Creating a file under a name that must be free decides the race; a late writer whose predecessors
 * were already cleaned away finds a higher version and has lost too.
 */
export async function swapPointer(
  folder: string,
  expected: number,
  pointer: CheckpointPointer,
): Promise<boolean> {
  const version = expected + 1;
  if (version > mostVersions) {
    throw new InputFault({
      where: pathOf(folder, expected),
      what: 'the number of this pointer is none of foldwise',
      remedy: 'Remove the folder: the fold then starts again.',
    });
  }
  const path = pathOf(folder, version);
  if (!(await createDurably(path, sealed(pointer)))) return false;
  const present = await versions(folder);
  if (present[0] !== version) {
    await rm(path, { force: true });
    return false;
  }
  for (const older of present.slice(2)) await rm(pathOf(folder, older), { force: true });
  return true;
}

/** Descending. */
async function versions(folder: string): Promise<number[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
  const found = names.flatMap((entry) => name.exec(entry)?.[1] ?? []);
  return found.map(Number).sort((a, b) => b - a);
}

function readVersion(folder: string, version: number): Promise<CheckpointPointer | null> {
  return readSealed(pathOf(folder, version), pointerSchema);
}

function pathOf(folder: string, version: number): string {
  return join(folder, `pointer-${version}.json`);
}
