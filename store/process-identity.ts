import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process by what cannot come again. Its number alone can: after a restart, in another container. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Where its number counts and when it started; null where the platform does not say. */
  readonly started: string | null;
}

/** `unknown`: of another machine or container, where its number means nothing here. */
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
  const here = thisProcess().started;
  if (started !== null && here !== null) {
    const [host, boot, numbers] = partsOf(started);
    const [thisHost, thisBoot, theseNumbers] = partsOf(here);
    if (host !== thisHost) return 'unknown';
    // Before the machine was started anew.
    if (boot !== thisBoot) return 'gone';
    if (numbers !== theseNumbers) return 'unknown';
  }
  const taken = whoHas(pid);
  if (taken === 'nobody') return 'gone';
  const now = startOf(pid);
  // Where the platform tells, it tells nothing of a process that has ended and was not waited for.
  if (now === null && here !== null) return taken === 'another user' ? 'unknown' : 'gone';
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

/** `<host>/<boot>/<namespace of process numbers>/<start>`; null where nothing tells. */
function startOf(pid: number): string | null {
  try {
    if (process.platform === 'linux') return linuxStart(pid);
    if (process.platform === 'darwin') {
      const options = { encoding: 'utf8', env: { PATH: process.env['PATH'], LC_ALL: 'C' } } as const;
      const start = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], options).trim();
      return `${hostDigest()}///${start}`;
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
  return `${hostDigest()}/${boot}/${readlinkSync('/proc/self/ns/pid')}/${fields[19]}`;
}

/** Host, boot and namespace: where a number counts. */
function scopeOf(started: string): string {
  return partsOf(started).slice(0, 3).join('/');
}

/** Whatever a host is called, it has no slash. */
function hostDigest(): string {
  return createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
}

function partsOf(started: string): string[] {
  return started.split('/');
}

function whoHas(pid: number): 'this user' | 'another user' | 'nobody' {
  try {
    process.kill(pid, 0);
    return 'this user';
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM' ? 'another user' : 'nobody';
  }
}
