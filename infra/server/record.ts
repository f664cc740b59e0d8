import { execFile } from 'node:child_process';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { childEnvironment } from '../child-environment.js';
import { isAlive } from './cache-lock.js';

/** `<workdir>/.foldwise/server.json`: the server that runs on a workdir's database. */
export interface ServerRecord {
  readonly pid: number;
  readonly address: string;
  readonly uiUrl: string;
  readonly namespace: string;
  /** Who uses it; the last to leave stops it. */
  readonly users: readonly ServerUser[];
}

/** One `startServer` of one process. */
export interface ServerUser {
  readonly pid: number;
  readonly id: string;
}

export function recordPath(workdir: string): string {
  return join(workdir, '.foldwise', 'server.json');
}

/** The record of a server whose process is alive, with those users that are; null otherwise. */
export async function readRecord(workdir: string): Promise<ServerRecord | null> {
  const text = await readFile(recordPath(workdir), 'utf8').catch(() => null);
  if (text === null) return null;
  try {
    const record = JSON.parse(text) as ServerRecord;
    if (!Number.isInteger(record.pid) || !isAlive(record.pid)) return null;
    return { ...record, users: record.users.filter(({ pid }) => isAlive(pid)) };
  } catch {
    return null;
  }
}

export async function writeRecord(workdir: string, record: ServerRecord): Promise<void> {
  const path = recordPath(workdir);
  await mkdir(join(workdir, '.foldwise'), { recursive: true });
  await writeFile(`${path}.${process.pid}`, `${JSON.stringify(record, null, 2)}\n`);
  await rename(`${path}.${process.pid}`, path);
}

export async function removeRecord(workdir: string): Promise<void> {
  await rm(recordPath(workdir), { force: true });
}

/** Whether a process has a file in its command line. */
export async function runsOn(pid: number, file: string): Promise<boolean> {
  try {
    const { stdout } = await promisify(execFile)('ps', ['-ww', '-o', 'args=', '-p', String(pid)], {
      env: childEnvironment(),
    });
    return stdout.includes(file);
  } catch {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return line.includes(file);
  }
}
