import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { endOnLeaving } from '../leaving.js';

export interface WorkerPlace {
  readonly workdir: string;
  readonly roots: readonly string[];
  /** The server's, as host:port. */
  readonly address: string;
  readonly slots: number;
  /** Null: of none. */
  readonly deployment: string | null;
}

interface Announced {
  readonly deployment: { readonly buildId: string } | null;
}

/** A `foldwise worker` of some build. */
export class WorkerBuild {
  private constructor(
    private readonly child: ChildProcess,
    /** As it says itself; null of no deployment. */
    readonly buildId: string | null,
  ) {}

  /** Resolves once it works. */
  static async start(commandLine: string, place: WorkerPlace): Promise<WorkerBuild> {
    const { workdir, roots, address, slots, deployment } = place;
    const named = deployment === null ? [] : ['--deployment', deployment];
    const args = [
      'worker',
      '--json',
      '--workdir',
      workdir,
      '--slots',
      String(slots),
      '--threads',
      '1',
      ...named,
    ];
    const log = join(workdir, 'workers.log');
    const file = openSync(log, 'a');
    const child = spawn(process.execPath, [commandLine, ...args, '--root', workdir, ...roots], {
      cwd: workdir,
      env: { ...process.env, TEMPORAL_ADDRESS: address },
      stdio: ['ignore', 'pipe', file],
    });
    closeSync(file);
    endOnLeaving(child);
    const { deployment: version } = JSON.parse(await announcement(child, log)) as Announced;
    return new WorkerBuild(child, version?.buildId ?? null);
  }

  /** Ends it in order: folds write a checkpoint. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exit = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await exit;
  }
}

/** What a worker prints once it works. */
function announcement(child: ChildProcess, log: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let out = '';
    child.once('exit', () => reject(new Error(`a worker ended before it worked; ${log} says why`)));
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      if (out.trimEnd().endsWith('\n}')) resolve(out);
    });
  });
}
