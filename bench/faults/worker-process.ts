import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endOnLeaving } from '../leaving.js';

export interface WorkerPlace {
  readonly workdir: string;
  readonly roots: readonly string[];
  /** The server's, as host:port. */
  readonly address: string;
}

/** How long a supervisor waits before it starts a process again. */
const restartMs = 200;

const commandLine = fileURLToPath(new URL('../../cli/main.js', import.meta.url));

/** A `foldwise worker` that is started again whenever it ends, as a supervisor would. */
export class WorkerProcess {
  private child: ChildProcess | undefined;
  private supervised = true;

  constructor(
    readonly queue: string,
    private readonly place: WorkerPlace,
  ) {
    this.start();
  }

  /** Undefined while it is being started again. */
  get pid(): number | undefined {
    return this.child?.pid;
  }

  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  /** Ends it for good, in order. */
  async stop(): Promise<void> {
    this.supervised = false;
    const { child } = this;
    if (child === undefined) return;
    const exit = once(child, 'exit');
    child.kill('SIGCONT');
    child.kill('SIGTERM');
    await exit;
  }

  private start(): void {
    const { workdir, roots, address } = this.place;
    const args = ['--workdir', workdir, '--slots', '1', '--threads', '1', '--queue', this.queue];
    const log = openSync(join(workdir, 'workers.log'), 'a');
    const child = spawn(process.execPath, [commandLine, 'worker', ...args, '--root', workdir, ...roots], {
      cwd: workdir,
      // The workdir in it is what the trainers, too, are recognised by.
      env: { ...process.env, TEMPORAL_ADDRESS: address, TMPDIR: join(workdir, 'tmp') },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.child = child;
    endOnLeaving(child);
    child.once('exit', () => {
      this.child = undefined;
      if (this.supervised) setTimeout(() => this.supervised && this.start(), restartMs);
    });
  }
}
