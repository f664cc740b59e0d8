import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EnvironmentFault } from '../../errors/fault.js';
import { makeFolder } from '../../store/durable-file.js';
import { processState, thisProcess, type ProcessIdentity } from '../../store/process-identity.js';
import { configuredServer } from './configured.js';
import { inspectDatabase, removeDatabase } from './database.js';
import { withLock } from './lock.js';
import { answers, freePort, namespace } from './probe.js';
import { obtainServer, type OnMessage } from './obtain.js';
import { endProcess, findServerProcess, ServerProcess } from './process.js';
import {
  readAnyRecord,
  removeRecord,
  stateOf,
  writeRecord,
  type ServerRecord,
  type ServerUser,
} from './record.js';
import { hostStorageFault } from './storage.js';

export interface StartOptions {
  /** Its database is `<workdir>/.foldwise/temporal.db`. */
  readonly workdir: string;
  /** Default: a free one. */
  readonly port?: number;
  /** Default: a free one. */
  readonly uiPort?: number;
  /** By type, registered with the namespace. */
  readonly searchAttributes?: Readonly<Record<string, string>>;
  readonly onMessage: OnMessage;
  /** Gives up, and ends what was begun. */
  readonly signal?: AbortSignal;
}

/** A server that answers. */
export interface RunningServer {
  readonly address: string;
  /** Null where it is not known: of a configured server. */
  readonly uiUrl: string | null;
  readonly namespace: string;
  /** Null for a configured server, which is not ours. */
  readonly process: ProcessIdentity | null;
  /** Its number; null for a configured server. */
  readonly pid: number | null;
  /** Whether this call started it. */
  readonly started: boolean;
  /** Stops it, unless another process uses it by now, or it was configured and so is not ours. */
  stop(): Promise<void>;
}

/** How long a server that runs may take to answer before it is taken to be stuck. */
const silentMs = 20_000;

/** Ports that were free when they were looked for may be taken when the server comes to it. */
const portAttempts = 3;

/**
 * The server for a workdir: the configured one (TEMPORAL_ADDRESS or a profile), the one that runs on the
 * workdir's database already, else a new one. Two never open the same database: whoever starts one notes
 * it before, and whoever finds a note of a process that was killed goes on with its server or ends it.
 *
 * @throws EnvironmentFault where none can be had; the signal's reason where that was aborted
 */
export async function startServer(options: StartOptions): Promise<RunningServer> {
  const configured = configuredServer();
  if (configured !== null) {
    const { address } = configured;
    options.onMessage(`Using the Temporal server at ${address}, as configured.`);
    return {
      address,
      uiUrl: null,
      namespace: configured.namespace,
      process: null,
      pid: null,
      started: false,
      stop: () => Promise.resolve(),
    };
  }
  const wait = (): void => options.onMessage('Waiting for another process that starts the server.');
  const start = async (): Promise<RunningServer> => (await attach(options)) ?? launch(options);
  return withLock(lockPath(options.workdir), wait, start, options.signal);
}

/** Goes on with the server that is noted, if there is one; clears away one that never answered anybody. */
async function attach({ workdir, onMessage, signal }: StartOptions): Promise<RunningServer | null> {
  const noted = await readAnyRecord(workdir);
  if (noted === null) return null;
  const record = noted.pid > 0 ? noted : { ...noted, ...findServerProcess(portOf(noted.address)) };
  const state = await stateOf(workdir, record);
  if (state === 'gone') return forget(workdir, record);
  if (state === 'unknown') throw elsewhere(workdir);
  if (await answersInTime(record, signal)) {
    onMessage(`Using the Temporal server that runs for this folder already: ${record.address}`);
    return use(workdir, { ...record, ready: true }, false);
  }
  signal?.throwIfAborted();
  if (record.users.length > 0 && record.ready) throw stuck(record);
  onMessage(
    `The Temporal server of this folder (process ${record.pid}) was left behind and does not answer: it is ended.`,
  );
  await endProcess(record);
  return forget(workdir, record);
}

async function forget(workdir: string, { ready, newDatabase }: ServerRecord): Promise<null> {
  if (!ready && newDatabase) await removeDatabase(workdir);
  await removeRecord(workdir);
  return null;
}

async function answersInTime(record: ServerRecord, signal?: AbortSignal): Promise<boolean> {
  // Whoever started one that never answered is gone, and nothing is lost by starting it anew.
  const deadline = performance.now() + (record.ready ? silentMs : 0);
  do {
    if (await answers({ address: record.address }, 5_000)) return true;
    await delay(200, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  } while (performance.now() < deadline && processState(record) === 'alive' && signal?.aborted !== true);
  return false;
}

async function launch(options: StartOptions): Promise<RunningServer> {
  const { workdir, onMessage, signal } = options;
  await makeFolder(join(workdir, '.foldwise')).catch((error: unknown) => {
    throw hostStorageFault(error, workdir, 'making the folder');
  });
  const newDatabase = await inspectDatabase(workdir);
  const executable = await obtainServer(onMessage, signal);
  for (let attempt = 1; ; attempt++) {
    try {
      return await launchOnce(executable, options, newDatabase);
    } catch (error) {
      const chosen = options.port !== undefined || options.uiPort !== undefined;
      const taken = error instanceof EnvironmentFault && /address already in use/i.test(error.message);
      if (!taken || chosen || attempt === portAttempts) throw error;
    }
  }
}

async function launchOnce(
  executable: string,
  options: StartOptions,
  newDatabase: boolean,
): Promise<RunningServer> {
  const { workdir, searchAttributes = {}, signal } = options;
  const port = options.port ?? (await freePort());
  const uiPort = options.uiPort ?? (await freePort());
  const place = {
    address: `127.0.0.1:${port}`,
    uiUrl: `http://127.0.0.1:${uiPort}`,
    namespace,
    newDatabase,
  };
  // Noted before it is there: a kill in between leaves the port, by which it is found.
  const note = {
    ...place,
    pid: 0,
    started: null,
    ready: false,
    users: [{ ...thisProcess(), id: 'starter' }],
  };
  await writeRecord(workdir, note);
  let server: ServerProcess | undefined;
  try {
    server = ServerProcess.spawn(executable, { workdir, port, uiPort, searchAttributes });
    await writeRecord(workdir, { ...note, ...server.identity });
    await server.ready(place.address, signal);
    options.onMessage(
      `Started the Temporal server at ${place.address}. It asks nobody who they are: every user of this machine can reach it.`,
    );
    return await use(workdir, { ...place, ...server.identity, ready: true, users: [] }, true);
  } catch (error) {
    if (server !== undefined) await endProcess(server.identity);
    await forget(workdir, note);
    throw error;
  }
}

/** Adds this process to the server's users. A server whose users were all killed so finds one who stops it. */
async function use(workdir: string, record: ServerRecord, started: boolean): Promise<RunningServer> {
  const user: ServerUser = { ...thisProcess(), id: randomUUID() };
  await writeRecord(workdir, { ...record, users: [...record.users, user] });
  const { address, uiUrl } = record;
  const identity: ProcessIdentity = { pid: record.pid, started: record.started };
  const leave = (): Promise<void> => leaveServer(workdir, identity, user);
  const stop = (): Promise<void> => withLock(lockPath(workdir), () => undefined, leave);
  return {
    ...{ address, uiUrl, namespace: record.namespace, started, stop },
    ...{ process: identity, pid: record.pid },
  };
}

async function leaveServer(workdir: string, server: ProcessIdentity, user: ServerUser): Promise<void> {
  const record = await readAnyRecord(workdir);
  if (record === null || record.pid !== server.pid || record.started !== server.started) return;
  const users = record.users.filter(({ id }) => id !== user.id);
  if (users.length > 0) return writeRecord(workdir, { ...record, users });
  await endProcess(server);
  await removeRecord(workdir);
}

function stuck({ address, pid }: ServerRecord): EnvironmentFault {
  return new EnvironmentFault({
    where: address,
    what: `the server of this folder (process ${pid}) does not answer`,
    remedy: 'Wait a moment, or end that process; a new one is started then.',
  });
}

function elsewhere(workdir: string): EnvironmentFault {
  return new EnvironmentFault({
    where: workdir,
    what: 'a server of another machine or container runs on the database of this folder',
    remedy:
      'Work there, or end it there first. Where it was killed, its note is taken to be void after a minute.',
  });
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(':') + 1));
}

function lockPath(workdir: string): string {
  return join(workdir, '.foldwise', 'server.lock');
}
