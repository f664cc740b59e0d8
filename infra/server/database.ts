import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EnvironmentFault, InputFault } from '../../errors/fault.js';
import { errorCode } from '../../store/faults.js';
import { hostStorageFault } from './storage.js';

/** Relative to the folder in which the server is started: it makes a URI of a path, where `#`, `?` and `%` mean something. */
export const databaseName = 'temporal.db';

/** What SQLite opens; it makes the path absolute, and puts the names of its journals behind it. */
const longestPath = 500;

const signature = 'SQLite format 3\0';

export function databasePath(workdir: string): string {
  return join(workdir, '.foldwise', databaseName);
}

/**
 * Looks at the database before a server is started on it.
 *
 * @returns whether there is none yet
 * @throws a Fault naming the file, where no server could open it
 */
export async function inspectDatabase(workdir: string): Promise<boolean> {
  const path = databasePath(workdir);
  const length = Buffer.byteLength(path);
  if (length > longestPath) {
    throw new InputFault({
      where: workdir,
      what: "the folder's path is too long for the server's database",
      found: `${length} bytes with the name of the database`,
      expected: `at most ${longestPath}`,
      remedy: 'Name another folder with --workdir.',
    });
  }
  const head = await readHead(path);
  if (head === null) return true;
  // What a server has just begun is empty.
  if (head.length === 0) {
    await removeDatabase(workdir);
    return true;
  }
  if (head.toString('latin1') !== signature) throw damagedDatabase(workdir, 'no SQLite database');
  return false;
}

/** @param found what the server or its first bytes say of it */
export function damagedDatabase(workdir: string, found: string): EnvironmentFault {
  const path = databasePath(workdir);
  return new EnvironmentFault({
    where: path,
    what: "the server's database is damaged",
    found,
    remedy: `Put a copy of it back, or move it away with ${databaseName}-wal and ${databaseName}-shm. The history of earlier runs is gone then; what they finished is in the store and is reused.`,
  });
}

/** What the server says of a database that it cannot work with. */
export const damageSigns =
  /database disk image is malformed|file is not a database|no such (table|column)|file is encrypted/i;

/** Removes a database that never served anybody, with what SQLite puts beside it. */
export async function removeDatabase(workdir: string): Promise<void> {
  for (const suffix of ['', '-wal', '-shm', '-journal']) {
    await rm(`${databasePath(workdir)}${suffix}`, { force: true });
  }
}

async function readHead(path: string): Promise<Buffer | null> {
  try {
    const file = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(signature.length), 0, signature.length, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw hostStorageFault(error, path, "opening the server's database");
  }
}
