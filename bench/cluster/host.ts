import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { childEnvironment } from '../../infra/child-environment.js';
import type { Network } from './network.js';

/** What a host runs, from its start to its end. */
export interface Program {
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

export interface HostOptions {
  readonly network: Network;
  /** Holds the disks and the logs of all hosts. */
  readonly folder: string;
  /** A folder that all hosts see under the same path; without it they share none. */
  readonly shared?: string;
}

/** How long its supervisor waits before it starts the program of a host again. */
const restartMs = 500;

/**
 * Mounts the host's own folder where every host has its disk, hides those of the others and gives it a
 * name; then becomes the program.
 */
const boot =
  'hostname "$1" && mount --bind "$2" "$3" && mount -t tmpfs none "$4" && shift 4 && cd "$1" && shift && exec "$@"';

/** A machine: a network namespace, a host name, process numbers and a disk of its own. */
export class Host {
  readonly address: string;
  private child: ChildProcess | undefined;
  private program: (() => Program) | undefined;
  /** How often it was started: what a supervisor of an earlier time would do is no longer done. */
  private boots = 0;
  private readonly former: string[] = [];

  constructor(
    readonly name: string,
    private readonly options: HostOptions,
  ) {
    this.address = options.network.addHost(name);
    mkdirSync(this.folder, { recursive: true });
    mkdirSync(diskOf(options.folder), { recursive: true });
    mkdirSync(join(options.folder, 'logs'), { recursive: true });
  }

  /** Where the host finds its disk. */
  get disk(): string {
    return diskOf(this.options.folder);
  }

  get logPath(): string {
    return join(this.options.folder, 'logs', `${this.name}.log`);
  }

  get isUp(): boolean {
    return this.program !== undefined;
  }

  /** Starts a program, and starts it again whenever it ends. */
  start(program: () => Program): void {
    this.program = program;
    this.boots++;
    this.spawn();
  }

  /** Runs a program to its end, beside what runs there. @throws Error where it fails */
  async run(program: Program): Promise<void> {
    const child = this.launch(program);
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`${program.command[0]} on ${this.name} failed: see ${this.logPath}`);
  }

  /** All its processes end at once and can tell nobody: its link is cut before. */
  async crash(): Promise<void> {
    this.options.network.cut(this.name);
    await this.kill();
  }

  /** After a crash. @param emptied comes back without anything that it had written */
  reboot(program: () => Program, emptied = false): void {
    if (emptied) this.empty();
    this.options.network.join(this.name);
    this.start(program);
  }

  /** SIGKILL of everything that runs there; the link stays. */
  async kill(): Promise<void> {
    this.program = undefined;
    const { child } = this;
    if (child === undefined) return;
    const closed = once(child, 'close');
    // The first process of its numbers: the kernel ends the others with it.
    child.kill('SIGKILL');
    await closed;
  }

  /** What it had is put aside, where the campaign alone finds it. */
  empty(): void {
    const aside = join(this.options.folder, 'former', `${this.name}-${this.former.length + 1}`);
    mkdirSync(join(this.options.folder, 'former'), { recursive: true });
    renameSync(this.folder, aside);
    mkdirSync(this.folder);
    this.former.push(aside);
  }

  /** All the disks that it has had, as this process finds them. */
  get disks(): readonly string[] {
    return [...this.former, this.folder];
  }

  /** Its disk, as this process finds it. */
  get folder(): string {
    return join(this.options.folder, 'hosts', this.name);
  }

  private spawn(): void {
    if (this.program === undefined) return;
    const { boots } = this;
    const child = this.launch(this.program());
    this.child = child;
    child.once('close', () => {
      if (this.child === child) this.child = undefined;
      // Booted anew meanwhile it runs already, and a second one would outlive the host.
      void delay(restartMs).then(() => this.boots === boots && this.spawn());
    });
  }

  private launch({ command, environment = {} }: Program): ChildProcess {
    const { folder, shared } = this.options;
    const log = openSync(this.logPath, 'a');
    const namespaces = ['--uts', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
    const place = [this.name, shared ?? this.folder, this.disk, join(folder, 'hosts'), this.disk];
    const args = [`--net=/run/netns/${this.name}`, 'unshare', ...namespaces, 'sh', '-c', boot, 'sh'];
    const child = spawn('nsenter', [...args, ...place, ...command], {
      env: { ...childEnvironment(), TMPDIR: this.disk, ...environment },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    return child;
  }
}

function diskOf(folder: string): string {
  return join(folder, 'disk');
}

/** The disk of all workers, where they share one. */
export function sharedFolder(folder: string): string {
  return join(folder, 'shared');
}

/** The workdir of an operator's machine, which reaches server and store. */
export function operatorFolder(folder: string): string {
  return join(folder, 'operator');
}
