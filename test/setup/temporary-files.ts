import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { freemem } from 'node:os';
import { join } from 'node:path';

/** Linux's file system in memory. */
const memory = '/dev/shm';
const prefix = 'foldwise-tests-';

/** What tests hold at once at most is less than half of this. */
const neededBytes = 6 * 2 ** 30;

/**
 * Puts the temporary files of the tests into memory where there is plenty: they write thousands of small files
 * durably, for which a disk takes longer than the tests. Elsewhere, and where TMPDIR says a place, they
 * stay on the disk.
 */
export default function setup(): (() => void) | undefined {
  if (process.env['TMPDIR'] !== undefined || !hasRoom()) return undefined;
  removeLeft();
  const folder = join(memory, `${prefix}${process.pid}`);
  mkdirSync(folder);
  // As /tmp: other users, as whom some tests attack, reach what is in it unless its own folder forbids it.
  chmodSync(folder, 0o1777);
  process.env['TMPDIR'] = folder;
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  return remove;
}

function hasRoom(): boolean {
  if (!existsSync(memory)) return false;
  const { bavail, bsize } = statfsSync(memory);
  return bavail * bsize > neededBytes && freemem() > neededBytes;
}

/** What a run of the tests that was killed left in memory. */
function removeLeft(): void {
  for (const name of readdirSync(memory)) {
    const pid = name.startsWith(prefix) ? Number(name.slice(prefix.length)) : NaN;
    if (pid > 0 && !isAlive(pid)) rmSync(join(memory, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
