import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { keepExecutable } from '../cached-executable.js';
import { childEnvironment } from '../child-environment.js';
import { bytesOf, fetchBounded, requirePinned } from '../fetch-bounded.js';
import { archives, cachedServer, executableName, temporalVersion, thisMachine } from './release.js';

const downloadMs = 10 * 60_000;
const releases = `https://github.com/temporalio/cli/releases/download/v${temporalVersion}`;
const run = promisify(execFile);

/**
 * Fetches the official archive, compares it with the checksum that is pinned for it and puts the
 * executable into the cache, whole or not at all.
 *
 * @returns its path
 * @throws Error with the reason, in one clause
 */
export async function downloadServer(signal?: AbortSignal): Promise<string> {
  const archive = archives[thisMachine()];
  if (archive === undefined) throw new Error(`there is no official build for ${thisMachine()}`);
  const response = await fetchBounded(new URL(`${releases}/${archive.name}`), {
    timeoutMs: downloadMs,
    ...(signal === undefined ? {} : { signal }),
  });
  const bytes = await bytesOf(response);
  requirePinned(bytes, archive);
  const folder = await mkdtemp(join(tmpdir(), 'foldwise-temporal-'));
  try {
    await writeFile(join(folder, archive.name), bytes);
    await run('tar', ['-xf', archive.name, executableName], { cwd: folder, env: childEnvironment() });
    return await keepExecutable(join(folder, executableName), cachedServer());
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
