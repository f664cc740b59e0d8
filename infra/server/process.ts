import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EnvironmentFault } from '../../errors/fault.js';
import { identityOf, processState, type ProcessIdentity } from '../../store/process-identity.js';
import { childEnvironment } from '../child-environment.js';
import { rotate } from '../log-file.js';
import { damagedDatabase, damageSigns, databaseName, databasePath } from './database.js';
import { answers } from './probe.js';
import { hostStorageFault } from './storage.js';

export interface ServerArguments {
  readonly workdir: string;
  readonly port: number;
  readonly uiPort: number;
  /** By type, registered with the namespace. */
  readonly searchAttributes: Readonly<Record<string, string>>;
}

const readyMs = 60_000;
const stopMs = 15_000;
const pollMs = 50;

/** How much of what a server said before it ended is shown. */
const tailBytes = 4_096;
const tailLines = 3;

export function serverLogPath(workdir: string): string {
  return join(workdir, '.foldwise', 'server.log');
}

/** A server's process, from its start on. */
export class ServerProcess {
  readonly identity: ProcessIdentity;
  private ended: string | undefined;

  private constructor(
    child: ChildProcess,
    private readonly workdir: string,
    private readonly logStart: number,
  ) {
    this.identity = identityOf(child.pid ?? 0);
    child.once('error', (error) => (this.ended = error.message));
    child.once('exit', (code, signal) => (this.ended = signal ?? `exit code ${code}`));
    child.unref();
  }

  /** Starts it in the folder of its database; what it says goes to `server.log` there. */
  static spawn(executable: string, options: ServerArguments): ServerProcess {
    const path = serverLogPath(options.workdir);
    rotate(path);
    try {
      const log = openSync(path, 'a');
      try {
        const start = statSync(path).size;
        const child = spawn(executable, argumentsOf(options), {
          cwd: join(options.workdir, '.foldwise'),
          // A group of its own, so that Ctrl-C leaves it to us when it is stopped.
          detached: process.platform !== 'win32',
          env: childEnvironment(),
          stdio: ['ignore', log, log],
        });
        return new ServerProcess(child, options.workdir, start);
      } finally {
        closeSync(log);
      }
    } catch (error) {
      throw hostStorageFault(error, path, "opening the server's log");
    }
  }

  /**
   * Waits until it answers at its address.
   *
   * @throws EnvironmentFault with what it said
   */
  async ready(address: string, signal?: AbortSignal): Promise<void> {
    const deadline = performance.now() + readyMs;
    while (performance.now() < deadline && this.ended === undefined) {
      if (signal?.aborted === true) break;
      if (await answers({ address }, 1_000)) return;
      await delay(pollMs, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
    }
    signal?.throwIfAborted();
    throw this.failure(address);
  }

  private failure(address: string): EnvironmentFault {
    const said = tailOf(serverLogPath(this.workdir), this.logStart);
    if (damageSigns.test(said)) return damagedDatabase(this.workdir, said);
    return new EnvironmentFault({
      where: `the Temporal server at ${address}, on ${databasePath(this.workdir)}`,
      what:
        this.ended === undefined
          ? `it did not answer within ${readyMs / 1000} s`
          : `it ended at once (${this.ended})`,
      ...(said === '' ? {} : { found: said }),
      remedy: `What it said is in ${serverLogPath(this.workdir)}.`,
    });
  }
}

/** Asks a process to end, and makes it end where it does not. */
export async function endProcess(identity: ProcessIdentity): Promise<void> {
  send(identity, 'SIGTERM');
  const deadline = performance.now() + stopMs;
  while (processState(identity) === 'alive') {
    if (performance.now() > deadline) return send(identity, 'SIGKILL');
    await delay(pollMs);
  }
}

/** Sends a signal to a process, unless it is gone or its number has been given to another. */
export function send(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (processState(identity) !== 'alive') return;
  try {
    process.kill(identity.pid, signal);
  } catch {
    // It ended meanwhile.
  }
}

/** The server that was started for a port by a process that was killed before it could note its number. */
export function findServerProcess(port: number): ProcessIdentity | null {
  const mark = ['', databaseName, '--ip', '127.0.0.1', '--port', port, ''].join('\0');
  try {
    for (const name of readdirSync('/proc')) {
      if (/^\d+$/.test(name) && commandLine(name).includes(mark)) return identityOf(Number(name));
    }
  } catch {
    // Where processes are not files, one that was killed in that very moment leaves its server behind.
  }
  return null;
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

function argumentsOf({ port, uiPort, searchAttributes }: ServerArguments): string[] {
  return [
    ...['server', 'start-dev', '--db-filename', databaseName, '--ip', '127.0.0.1', '--port', String(port)],
    ...['--ui-port', String(uiPort), '--log-level', 'error'],
    ...Object.entries(searchAttributes).flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
  ];
}

/** The last lines that a server wrote into its log, from a position on, as one. */
function tailOf(path: string, from: number): string {
  try {
    const text = readFileSync(path).subarray(from).subarray(-tailBytes).toString('utf8');
    const lines = text.split('\n').map((line) => line.trim());
    const told = lines
      .filter(Boolean)
      .slice(-tailLines)
      .join(' / ')
      .replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '');
    return told.replace(/\.$/, '');
  } catch {
    return '';
  }
}
