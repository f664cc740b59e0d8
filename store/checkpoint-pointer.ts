import { readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from './digest.js';
import { createDurably } from './durable-file.js';
import { errorCode } from './faults.js';
import type { ProcessIdentity } from './process-identity.js';

/** The attempt that may write a fold's checkpoints. */
export interface CheckpointOwner extends ProcessIdentity {
  readonly runId: string;
  readonly activityId: string;
  readonly attempt: number;
  /** The machine of the worker's process: where that is seen to be gone, its lease is over at once. */
  readonly host: string;
}

/** A file of the shelf, by name within the key's folder. */
export interface ShelvedFile {
  readonly name: string;
  readonly sha256: string;
  readonly bytes: number;
}

export interface ShelvedCheckpoint {
  readonly step: number;
  readonly state: ShelvedFile;
  readonly best: ShelvedFile | null;
}

/** Who owns a fold's checkpoints and which there are: the truth about a fold in progress. */
export interface CheckpointPointer {
  readonly owner: CheckpointOwner;
  /** Fences writes: only the holder of the current token may publish. */
  readonly token: string;
  /** Milliseconds since the epoch; 0 once released. */
  readonly leaseUntil: number;
  /** The seed that the checkpoints belong to. */
  readonly seed: number | null;
  /** Attempts that have owned these checkpoints so far. */
  readonly attempts: number;
  /** Newest first, two at most. */
  readonly checkpoints: readonly ShelvedCheckpoint[];
}

export interface PointerVersion {
  /** 0 where there is none yet. */
  readonly version: number;
  /** Null where there is none, or none that can be read. */
  readonly pointer: CheckpointPointer | null;
}

const name = /^pointer-(\d+)\.json$/;

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
  const body = JSON.stringify(pointer);
  const path = pathOf(folder, version);
  if (!(await createDurably(path, JSON.stringify({ sha256: sha256(body), body })))) return false;
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

async function readVersion(folder: string, version: number): Promise<CheckpointPointer | null> {
  try {
    const envelope = JSON.parse(await readFile(pathOf(folder, version), 'utf8')) as Record<string, unknown>;
    const { sha256: hash, body } = envelope;
    if (typeof body !== 'string' || sha256(body) !== hash) return null;
    return JSON.parse(body) as CheckpointPointer;
  } catch (error) {
    if (error instanceof SyntaxError || errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

function pathOf(folder: string, version: number): string {
  return join(folder, `pointer-${version}.json`);
}
