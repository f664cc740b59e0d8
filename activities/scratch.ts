import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../store/durable-file.js';
import { storageFault } from '../store/faults.js';
import { temporaryName } from '../store/temporary-file.js';
import type { Services } from './services.js';

/**
 * Files on their way into the store: gone when `work` ends, and swept by the next worker where this
 * process does not live to see that.
 */
export async function withScratch<Name extends string, T>(
  { scratch }: Pick<Services, 'scratch'>,
  names: readonly Name[],
  work: (paths: Readonly<Record<Name, string>>) => Promise<T>,
): Promise<T> {
  const paths = Object.fromEntries(names.map((name) => [name, temporaryName(join(scratch, name))])) as Record<
    Name,
    string
  >;
  try {
    await makeFolder(scratch);
  } catch (error) {
    throw storageFault(error, scratch, 'making a folder');
  }
  try {
    return await work(paths);
  } finally {
    for (const name of names) await rm(paths[name], { force: true });
  }
}
