import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder, writeDurably } from '../../store/durable-file.js';
import { processState, type ProcessIdentity, type ProcessState } from '../../store/process-identity.js';
import { isSilent } from './lock.js';
import { hostStorageFault } from './storage.js';

/** `<workdir>/.foldwise/server.json`: the server that runs, or is being started, on a workdir's database. */
export interface ServerRecord extends ProcessIdentity {
  readonly address: string;
  readonly uiUrl: string;
  readonly namespace: string;
  /** Whether it has answered. Until then it may still be starting, or have been left at that. */
  readonly ready: boolean;
  /** Whether its database was not there before it was started. */
  readonly newDatabase: boolean;
  /** Who uses it; the last to leave stops it. */
  readonly users: readonly ServerUser[];
}

/** One `startServer` of one process. */
export interface ServerUser extends ProcessIdentity {
  readonly id: string;
}

/** The longest a record may be; anything longer was not written here. */
const longest = 2 ** 20;

export function recordPath(workdir: string): string {
  return join(workdir, '.foldwise', 'server.json');
}

/** The record of a server that answered and runs, with those users that do; null otherwise. */
export async function readRecord(workdir: string): Promise<ServerRecord | null> {
  const record = await readAnyRecord(workdir);
  if (record === null || !record.ready) return null;
  return (await stateOf(workdir, record)) === 'gone' ? null : record;
}

/** The record as it was written, without the users that are gone; null where there is none. */
export async function readAnyRecord(workdir: string): Promise<ServerRecord | null> {
  try {
    const path = recordPath(workdir);
    if ((await stat(path)).size > longest) return null;
    const record = JSON.parse(await readFile(path, 'utf8')) as Partial<ServerRecord>;
    if (!isRecord(record)) return null;
    return { ...record, users: record.users.filter((user) => processState(user) !== 'gone') };
  } catch {
    return null;
  }
}

/** Whether its server runs. On another machine or in another container it does as long as its users say so. */
export async function stateOf(workdir: string, record: ServerRecord): Promise<ProcessState> {
  const state = processState(record);
  if (state !== 'unknown') return state;
  return (await isSilent(recordPath(workdir)).catch(() => true)) ? 'gone' : 'unknown';
}

export async function writeRecord(workdir: string, record: ServerRecord): Promise<void> {
  const path = recordPath(workdir);
  try {
    await makeFolder(join(workdir, '.foldwise'));
    await writeDurably(path, `${JSON.stringify(record, null, 2)}\n`);
  } catch (error) {
    throw hostStorageFault(error, path, 'noting which server runs');
  }
}

export async function removeRecord(workdir: string): Promise<void> {
  await rm(recordPath(workdir), { force: true });
}

function isRecord(value: Partial<ServerRecord>): value is ServerRecord {
  const { address, uiUrl, namespace, ready, newDatabase, users } = value;
  const texts = [address, uiUrl, namespace].every((text) => typeof text === 'string');
  const flags = [ready, newDatabase].every((flag) => typeof flag === 'boolean');
  return texts && flags && isIdentity(value) && Array.isArray(users) && users.every(isIdentity);
}

function isIdentity({ pid, started }: Partial<ProcessIdentity>): boolean {
  return Number.isInteger(pid) && (started === null || typeof started === 'string');
}
