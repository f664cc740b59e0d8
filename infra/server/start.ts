import { loadClientConnectConfig } from '@temporalio/envconfig';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EnvironmentFault } from '../../errors/fault.js';
import { childEnvironment } from '../child-environment.js';
import { isAlive, withLock } from './cache-lock.js';
import { answers, freePort, namespace } from './probe.js';
import { obtainServer, type OnMessage } from './obtain.js';
import {
  readRecord,
  removeRecord,
  runsOn,
  writeRecord,
  type ServerRecord,
  type ServerUser,
} from './record.js';

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
}

/** A server that answers. */
export interface RunningServer {
  readonly address: string;
  /** Null where it is not known: of a configured server. */
  readonly uiUrl: string | null;
  readonly namespace: string;
  /** Null for a configured server, which is not ours. */
  readonly pid: number | null;
  /** Whether this call started it. */
  readonly started: boolean;
  /** Stops it, unless another process uses it by now, or it was configured and so is not ours. */
  stop(): Promise<void>;
}

const readyMs = 60_000;
const stopMs = 15_000;

/**
 * The server for a workdir: the configured one (TEMPORAL_ADDRESS or a profile), the one that runs on the
 * workdir's database already, else a new one. Two never open the same database.
 *
 * @throws EnvironmentFault where none can be had
 */
export async function startServer(options: StartOptions): Promise<RunningServer> {
  const configured = loadClientConnectConfig();
  const { address } = configured.connectionOptions;
  if (address !== undefined) {
    options.onMessage(`Using the Temporal server at ${address}, as configured.`);
    return {
      address,
      uiUrl: null,
      namespace: configured.namespace ?? namespace,
      pid: null,
      started: false,
      stop: nothing,
    };
  }
  const wait = (): void => options.onMessage('Waiting for another process that starts the server.');
  return withLock(lockPath(options.workdir), wait, async () => (await attach(options)) ?? launch(options));
}

async function attach({ workdir, onMessage }: StartOptions): Promise<RunningServer | null> {
  const record = await readRecord(workdir);
  if (record === null) return null;
  if (!(await answers(record.address, 5_000))) {
    // After a restart of the machine another program may have the process number.
    if (!(await runsOn(record.pid, databaseOf(workdir)))) return null;
    throw new EnvironmentFault({
      where: record.address,
      what: `the server of this folder (process ${record.pid}) does not answer`,
      remedy: 'Wait a moment, or end that process; a new one is started then.',
    });
  }
  onMessage(`Using the Temporal server that runs for this folder already: ${record.address}`);
  return use(workdir, record, false);
}

async function launch(options: StartOptions): Promise<RunningServer> {
  const { workdir, onMessage } = options;
  const executable = await obtainServer(onMessage);
  await mkdir(join(workdir, '.foldwise'), { recursive: true });
  const port = options.port ?? (await freePort());
  const uiPort = options.uiPort ?? (await freePort());
  const child = spawn(executable, serverArguments(options, port, uiPort), {
    // A group of its own, so that Ctrl-C leaves it to us when it is stopped.
    detached: process.platform !== 'win32',
    env: childEnvironment(),
    stdio: 'ignore',
  });
  child.unref();
  const address = `127.0.0.1:${port}`;
  await ready(child, address);
  const uiUrl = `http://127.0.0.1:${uiPort}`;
  return use(workdir, { pid: child.pid ?? 0, address, uiUrl, namespace, users: [] }, true);
}

/** Adds this process to the server's users. A server whose users were all killed so finds one who stops it. */
async function use(workdir: string, record: ServerRecord, started: boolean): Promise<RunningServer> {
  const user: ServerUser = { pid: process.pid, id: randomUUID() };
  await writeRecord(workdir, { ...record, users: [...record.users, user] });
  const { pid, address, uiUrl } = record;
  const leave = (): Promise<void> => leaveServer(workdir, pid, user);
  const stop = (): Promise<void> => withLock(lockPath(workdir), () => undefined, leave);
  return { pid, address, uiUrl, namespace: record.namespace, started, stop };
}

async function leaveServer(workdir: string, pid: number, user: ServerUser): Promise<void> {
  const record = await readRecord(workdir);
  if (record?.pid !== pid) return;
  const users = record.users.filter(({ id }) => id !== user.id);
  if (users.length > 0) return writeRecord(workdir, { ...record, users });
  await removeRecord(workdir);
  await end(pid);
}

function serverArguments(
  { workdir, searchAttributes = {} }: StartOptions,
  port: number,
  uiPort: number,
): string[] {
  return [
    ...['server', 'start-dev', '--db-filename', databaseOf(workdir)],
    ...['--ip', '127.0.0.1', '--port', String(port), '--ui-port', String(uiPort), '--log-level', 'error'],
    ...Object.entries(searchAttributes).flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
  ];
}

async function ready(child: ChildProcess, address: string): Promise<void> {
  let ended: string | undefined;
  child.once('error', (error) => (ended = error.message));
  child.once('exit', (code, signal) => (ended = signal ?? `exit code ${code}`));
  const deadline = performance.now() + readyMs;
  while (performance.now() < deadline && ended === undefined) {
    if (await answers(address, 1_000)) return;
    await delay(50);
  }
  child.kill('SIGKILL');
  throw new EnvironmentFault({
    where: `the Temporal server at ${address}`,
    what:
      ended === undefined ? `it did not answer within ${readyMs / 1000} s` : `it ended at once (${ended})`,
    remedy: 'Run `temporal server start-dev` by hand to see why.',
  });
}

async function end(pid: number): Promise<void> {
  process.kill(pid, 'SIGTERM');
  const deadline = performance.now() + stopMs;
  while (isAlive(pid) && performance.now() < deadline) await delay(50);
  if (isAlive(pid)) process.kill(pid, 'SIGKILL');
}

function lockPath(workdir: string): string {
  return join(workdir, '.foldwise', 'server.lock');
}

function databaseOf(workdir: string): string {
  return join(workdir, '.foldwise', 'temporal.db');
}

function nothing(): Promise<void> {
  return Promise.resolve();
}
