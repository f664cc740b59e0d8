import { randomUUID } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { sha256 } from './digest.js';
import { errorCode, storageFault } from './faults.js';
import {
  identityOf,
  processScope,
  processState,
  thisProcess,
  type ProcessIdentity,
} from './process-identity.js';

/** Nobody leaves a file unwritten for longer; an older one was left by a process that is not seen from here. */
const longestMs = 3_600_000;

const short = (text: string): string => sha256(text).slice(0, 8);

/** Where numbers of processes count: of a file of another container or machine nothing is known by them. */
const scope = short(`${hostname()} ${processScope() ?? ''}`);

const pattern = /\.([0-9a-f]{8})-(\d+)-([0-9a-f]{8})-[0-9a-f]{8}\.tmp$/;

/**
 * The name under which a file is written before it gets its own. It says by which process: by its number
 * and its start, since another one may get the number.
 */
export function temporaryName(path: string): string {
  const { pid } = thisProcess();
  return `${path}.${scope}-${pid}-${startOf(thisProcess())}-${randomUUID().slice(0, 8)}.tmp`;
}

export function isTemporaryName(name: string): boolean {
  return pattern.test(name);
}

/** Removes what killed processes left half-written anywhere below a folder: files, and folders with all that is in them. */
export async function sweepTemporaryFiles(folder: string): Promise<void> {
  for await (const { path } of abandonedFiles(folder)) await rm(path, { recursive: true, force: true });
}

/** What killed processes left half-written anywhere below a folder, with its bytes. */
export async function* abandonedFiles(
  folder: string,
): AsyncIterable<{ readonly path: string; readonly bytes: number }> {
  try {
    for (const entry of await readdir(folder, { recursive: true })) {
      const path = join(folder, entry);
      if (await isAbandoned(path)) yield { path, bytes: await bytesOf(path) };
    }
  } catch (error) {
    // No folder yet, or one that went away while it was read: with its files.
    if (errorCode(error) !== 'ENOENT') throw storageFault(error, folder, 'removing temporary files');
  }
}

async function bytesOf(path: string): Promise<number> {
  const found = await stat(path);
  if (!found.isDirectory()) return found.size;
  const entries = await readdir(path, { recursive: true });
  const inner = await Promise.all(entries.map((entry) => stat(join(path, entry)).catch(() => null)));
  return inner.reduce((sum, each) => sum + (each?.isFile() === true ? each.size : 0), 0);
}

/** Whether a temporary file has nobody any more who writes it, as far as can be seen from here. */
export async function isAbandoned(path: string): Promise<boolean> {
  const [, writtenIn, pid, start] = pattern.exec(path) ?? [];
  if (pid === undefined) return false;
  if (writtenIn === scope) return !writes(Number(pid), start ?? '');
  // Of its last change of any kind: a second name of an old file has the old file's time of writing.
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && found.ctimeMs < Date.now() - longestMs;
}

/** Whether the process that began a file still runs. */
function writes(pid: number, start: string): boolean {
  return processState({ pid, started: null }) !== 'gone' && startOf(identityOf(pid)) === start;
}

function startOf({ started }: ProcessIdentity): string {
  return short(started ?? '');
}
