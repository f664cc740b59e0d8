import { copyFile, link, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode } from './faults.js';
import { temporaryName } from './temporary-file.js';

const mostTries = 10;

/**
 * Makes a folder and those above it.
 *
 * Node's own way says ENOENT where the file system is read-only, and tries for ever below `/proc`; made
 * one by one, the first that cannot be made says why.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await makeOne(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await makeOne(path);
  }
}

/** One that goes away as it is found, as an empty one does with its last file, is made again. */
async function makeOne(path: string, tries = mostTries): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const found = await stat(path).catch(() => null);
    if (found?.isDirectory() === true) return;
    // A link to nowhere is found and not found for ever.
    if (found !== null || errorCode(error) !== 'EEXIST' || tries === 1) throw error;
    await makeOne(path, tries - 1);
  }
}

/** Writes a file whole or not at all: temporary name, flush, rename, flush of the folder. */
export async function writeDurably(path: string, bytes: Uint8Array | string): Promise<void> {
  await makeFolder(dirname(path));
  const temporary = temporaryName(path);
  try {
    await writeFlushed(temporary, bytes);
    await rename(temporary, path);
    await flushFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/**
 * Creates a file whole, and only if there is none of that name yet.
 *
 * @returns false where the name was taken
 */
export async function createDurably(path: string, bytes: Uint8Array | string): Promise<boolean> {
  await makeFolder(dirname(path));
  const temporary = temporaryName(path);
  try {
    await writeFlushed(temporary, bytes);
    await link(temporary, path);
    await flushFolder(dirname(path));
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Gives a file a second name, by a hard link where the file system has them, else by a copy. */
export async function linkDurably(source: string, target: string): Promise<void> {
  await replace(target, async (temporary) => {
    await linkOrCopy(source, temporary);
    await flushFile(temporary);
  });
}

export async function copyDurably(source: string, target: string): Promise<void> {
  await replace(target, async (temporary) => {
    await copyFile(source, temporary);
    await flushFile(temporary);
  });
}

async function replace(target: string, fill: (temporary: string) => Promise<void>): Promise<void> {
  await makeFolder(dirname(target));
  const temporary = temporaryName(target);
  try {
    await fill(temporary);
    await rename(temporary, target);
    await flushFolder(dirname(target));
  } finally {
    // Also after success: renaming one link of a file over another leaves both names.
    await rm(temporary, { force: true });
  }
}

/** A hard link where the file system has them, else a copy. */
export async function linkOrCopy(source: string, target: string): Promise<void> {
  try {
    await link(source, target);
  } catch (error) {
    if (!['EXDEV', 'EPERM', 'ENOTSUP', 'EMLINK', 'ENOSYS'].includes(errorCode(error) ?? '')) throw error;
    await copyFile(source, target);
  }
}

async function writeFlushed(path: string, bytes: Uint8Array | string): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Flushes a file that has been written. */
export async function flushFile(path: string): Promise<void> {
  // Windows flushes only what is open for writing; elsewhere read-only files can be flushed as well.
  const file = await open(path, process.platform === 'win32' ? 'r+' : 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Windows cannot open a folder; its renames are durable without. */
export async function flushFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
