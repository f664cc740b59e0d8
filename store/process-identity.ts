import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';

/** A process by what cannot come again. Its number alone can: after a restart, in another container. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started and where its number counts; null where the platform does not say. */
  readonly started: string | null;
}

/** `unknown`: of another container, where its number means nothing here. */
export type ProcessState = 'alive' | 'gone' | 'unknown';

let own: ProcessIdentity | undefined;

export function thisProcess(): ProcessIdentity {
  return (own ??= identityOf(process.pid));
}

/** The process that has this number now. */
export function identityOf(pid: number): ProcessIdentity {
  return { pid, started: startOf(pid) };
}

/** Whether a process that was named before still runs; one that ended and was not waited for does not. */
export function processState({ pid, started }: ProcessIdentity): ProcessState {
  if (!Number.isInteger(pid) || pid <= 0) return 'gone';
  if (started !== null && scopeOf(started) !== scopeOf(thisProcess().started ?? '')) {
    return bootOf(started) === bootOf(thisProcess().started ?? '') ? 'unknown' : 'gone';
  }
  if (!isNumberTaken(pid)) return 'gone';
  const now = startOf(pid);
  return started !== null && now !== started ? 'gone' : 'alive';
}

/**
 * Whether a process that may be of any machine or container is of this one, and gone: of others nothing is
 * known. False where its start was not written down.
 */
export function isGoneFromHere(identity: ProcessIdentity): boolean {
  const own = thisProcess().started;
  if (own === null) return processState(identity) === 'gone';
  const { started } = identity;
  return (
    typeof started === 'string' && scopeOf(started) === scopeOf(own) && processState(identity) === 'gone'
  );
}

/** Where a number of a process counts: this boot of this machine or container. */
export function processScope(): string | null {
  const { started } = thisProcess();
  return started === null ? null : scopeOf(started);
}

/** `<boot>/<namespace of process numbers>/<start>`; null where nothing tells. */
function startOf(pid: number): string | null {
  try {
    if (process.platform === 'linux') return linuxStart(pid);
    if (process.platform === 'darwin') {
      const options = { encoding: 'utf8', env: { PATH: process.env['PATH'], LC_ALL: 'C' } } as const;
      return `//${execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], options).trim()}`;
    }
  } catch {
    // It ended meanwhile, or this user may not look.
  }
  return null;
}

function linuxStart(pid: number): string | null {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in parentheses may hold anything; the 3rd field is its state, the 22nd its start.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return null;
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return `${boot}/${readlinkSync('/proc/self/ns/pid')}/${fields[19]}`;
}

function bootOf(started: string): string {
  return started.split('/')[0] ?? '';
}

function scopeOf(started: string): string {
  return started.split('/').slice(0, 2).join('/');
}

function isNumberTaken(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
