import { accessSync, constants, statSync } from 'node:fs';
import { chmod, copyFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder } from '../store/durable-file.js';

/** Copies an executable to where it is kept by a rename, so that it is never found half there. */
export async function keepExecutable(path: string, target: string): Promise<string> {
  const temporary = `${target}.${process.pid}`;
  await makeFolder(dirname(target));
  try {
    await copyFile(path, temporary);
    await chmod(temporary, 0o755);
    await rename(temporary, target);
  } finally {
    await rm(temporary, { force: true });
  }
  return target;
}

/** Whether there is a program of that path that this user may run. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
