import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { uptime } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const pollMs = 200;

/** Nothing that is done under a lock takes longer. */
const longestMs = 20 * 60_000;

/** Runs `work` while no other process of this machine holds the lock; one left by a dead process is broken. */
export async function withLock<T>(path: string, onWait: () => void, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  for (let waits = 0; !(await take(path)); waits++) {
    if (waits === 0) onWait();
    await delay(pollMs);
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function take(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(String(process.pid));
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  if (await isAbandoned(path)) {
    // Renaming succeeds for one of those who see it abandoned; the others then find the name free.
    const broken = `${path}.${process.pid}`;
    await rename(path, broken).catch(() => undefined);
    await rm(broken, { force: true });
  }
  return false;
}

async function isAbandoned(path: string): Promise<boolean> {
  try {
    const holder = Number(await readFile(path, 'utf8'));
    const { mtimeMs } = await stat(path);
    // Process numbers are used again, after a restart of the machine above all.
    if (mtimeMs < Date.now() - Math.min(longestMs, uptime() * 1000)) return true;
    return holder > 0 && !isAlive(holder);
  } catch {
    return false;
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
