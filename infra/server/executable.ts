import { chmod, copyFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder } from '../../store/durable-file.js';
import { cacheFolder, executableName, temporalVersion } from './release.js';

/** Puts an executable under its name in the cache by a rename, so that it is never found half there. */
export async function keepExecutable(path: string, version = temporalVersion): Promise<string> {
  const target = join(cacheFolder(process.env, version), executableName);
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
