import { open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createDurably, makeFolder } from '../../store/durable-file.js';
import { errorCode } from '../../store/faults.js';
import { processState, thisProcess, type ProcessIdentity } from '../../store/process-identity.js';
import { hostStorageFault } from './storage.js';

const pollMs = 200;
const refreshMs = 5_000;

/** A lock that names nobody is being written, for a moment; else it was left so by a full disk. */
const unnamedMs = 5_000;

/** Where it cannot be seen whether a process lives, it does as long as it says so at least this often. */
export const silenceMs = 60_000;

/**
 * Runs `work` while no other process holds the lock; one left by a dead process is broken.
 *
 * @param onWait told once where another holds it
 * @param signal gives up waiting
 */
export async function withLock<T>(
  path: string,
  onWait: () => void,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  let lock = await takeLock(path);
  for (let waits = 0; lock === null; lock = await takeLock(path)) {
    if (waits++ === 0) onWait();
    await delay(pollMs, undefined, signal === undefined ? {} : { signal });
  }
  try {
    signal?.throwIfAborted();
    return await work();
  } finally {
    await lock.release();
  }
}

/** A lock that this process holds. */
export interface HeldLock {
  release(): Promise<void>;
}

/** Takes a lock unless another process holds it; null then. One left by a dead process is broken. */
export async function takeLock(path: string): Promise<HeldLock | null> {
  await makeFolder(dirname(path)).catch((error: unknown) => {
    throw hostStorageFault(error, dirname(path), 'making the folder');
  });
  // The first try may have broken one that was left.
  if (!(await take(path)) && !(await take(path))) return null;
  const refresh = setInterval(() => void touch(path), refreshMs).unref();
  return {
    release: async () => {
      clearInterval(refresh);
      await release(path);
    },
  };
}

async function take(path: string): Promise<boolean> {
  if (await create(path)) return true;
  if (await isAbandoned(path)) {
    // Renaming succeeds for one of those who see it abandoned; the others then find the name free.
    const broken = `${path}.${process.pid}`;
    await rename(path, broken).catch(() => undefined);
    await rm(broken, { force: true });
  }
  return false;
}

/** Whole or not at all: a full disk leaves no lock that names nobody. */
async function create(path: string): Promise<boolean> {
  const holder = JSON.stringify(thisProcess());
  try {
    return await createDurably(path, holder);
  } catch (error) {
    // Some file systems have no second names for a file.
    if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK'].includes(errorCode(error) ?? '')) {
      throw hostStorageFault(error, path, 'taking the lock');
    }
    return createInPlace(path, holder);
  }
}

async function createInPlace(path: string, holder: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(holder).finally(() => file.close());
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw hostStorageFault(error, path, 'taking the lock');
  }
}

/** Another may have broken it while this process was frozen. */
async function release(path: string): Promise<void> {
  const holder = await readFile(path, 'utf8').catch(() => '');
  if (holder === JSON.stringify(thisProcess())) await rm(path, { force: true });
}

async function isAbandoned(path: string): Promise<boolean> {
  try {
    const holder = identityIn(await readFile(path, 'utf8'));
    if (holder === null) return await isSilent(path, unnamedMs);
    const state = processState(holder);
    return state === 'gone' || (state === 'unknown' && (await isSilent(path)));
  } catch {
    return false;
  }
}

/** Whether nobody has refreshed a file for so long that whoever should is gone. */
export async function isSilent(path: string, forMs = silenceMs): Promise<boolean> {
  const { mtimeMs } = await stat(path);
  return mtimeMs < Date.now() - forMs;
}

/** Says that this process, to which the file belongs, lives. */
export async function touch(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => undefined);
}

function identityIn(text: string): ProcessIdentity | null {
  try {
    const { pid, started } = JSON.parse(text) as Partial<ProcessIdentity>;
    if (typeof pid !== 'number' || (started !== null && typeof started !== 'string')) return null;
    return { pid, started };
  } catch {
    return null;
  }
}
