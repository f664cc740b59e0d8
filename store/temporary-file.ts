import { createHash, randomUUID } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { errorCode, storageFault } from './faults.js';

/** Nothing is written for longer; what is older was left by a process of another machine. */
const longestMs = 24 * 3_600_000;

/** Process numbers are those of one machine. */
const host = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);

const pattern = /\.([0-9a-f]{8})-(\d+)-[0-9a-f]{8}\.tmp$/;

/** The name under which a file is written before it gets its own; it says by which process. */
export function temporaryName(path: string): string {
  return `${path}.${host}-${process.pid}-${randomUUID().slice(0, 8)}.tmp`;
}

/** Removes what killed processes left half-written anywhere below a folder. */
export async function sweepTemporaryFiles(folder: string): Promise<void> {
  try {
    for (const entry of await readdir(folder, { recursive: true })) {
      const path = join(folder, entry);
      if (await isAbandoned(path)) await rm(path, { force: true });
    }
  } catch (error) {
    // No folder yet, or one that went away while it was read: with its files.
    if (errorCode(error) !== 'ENOENT') throw storageFault(error, folder, 'removing temporary files');
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  const [, writtenOn, pid] = pattern.exec(path) ?? [];
  if (pid === undefined) return false;
  if (writtenOn === host) return !isAlive(Number(pid));
  const { mtimeMs } = await stat(path);
  return mtimeMs < Date.now() - longestMs;
}

/** Whether a process of this machine runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}
