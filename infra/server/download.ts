import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { childEnvironment } from '../child-environment.js';
import { cacheFolder, executableName, temporalVersion } from './release.js';

const connectMs = 10_000;
const downloadMs = 10 * 60_000;
const releases = `https://github.com/temporalio/cli/releases/download/v${temporalVersion}`;
const run = promisify(execFile);

/**
 * Fetches the official archive, verifies it against the release's checksums and puts the executable
 * into the cache, whole or not at all.
 *
 * @returns its path
 * @throws Error with the reason, in one clause
 */
export async function downloadServer(): Promise<string> {
  const archive = archiveName();
  const expected = await expectedSha256(archive);
  const bytes = await fetchBytes(`${releases}/${archive}`, downloadMs);
  if (createHash('sha256').update(bytes).digest('hex') !== expected) {
    throw new Error(`${archive} does not have the SHA-256 that its release names`);
  }
  const folder = await mkdtemp(join(tmpdir(), 'foldwise-temporal-'));
  try {
    await writeFile(join(folder, archive), bytes);
    await run('tar', ['-xf', archive, executableName], { cwd: folder, env: childEnvironment() });
    return await keepExecutable(join(folder, executableName));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Puts an executable under its name in the cache by a rename, so that it is never found half there. */
export async function keepExecutable(path: string): Promise<string> {
  const folder = cacheFolder();
  const target = join(folder, executableName);
  const temporary = `${target}.${process.pid}`;
  await mkdir(folder, { recursive: true });
  await copyFile(path, temporary);
  await chmod(temporary, 0o755);
  await rename(temporary, target);
  return target;
}

function archiveName(): string {
  const platform = { linux: 'linux', darwin: 'darwin', win32: 'windows' }[process.platform as string];
  const arch = { x64: 'amd64', arm64: 'arm64' }[process.arch as string];
  if (platform === undefined || arch === undefined) {
    throw new Error(`there is no official build for ${process.platform} on ${process.arch}`);
  }
  return `temporal_cli_${temporalVersion}_${platform}_${arch}.${platform === 'windows' ? 'zip' : 'tar.gz'}`;
}

async function expectedSha256(archive: string): Promise<string> {
  const text = new TextDecoder().decode(await fetchBytes(`${releases}/checksums.txt`, connectMs));
  const line = text.split('\n').find((entry) => entry.trim().endsWith(` ${archive}`));
  const hash = line?.trim().split(/\s+/)[0] ?? '';
  if (!/^[0-9a-f]{64}$/.test(hash)) throw new Error(`the release names no checksum of ${archive}`);
  return hash;
}

async function fetchBytes(url: string, timeoutMs: number): Promise<Uint8Array> {
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
  if (!response.ok) throw new Error(`${new URL(url).host} answered ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
