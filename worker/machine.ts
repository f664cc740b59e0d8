import { readFileSync } from 'node:fs';
import { availableParallelism, freemem, totalmem } from 'node:os';
import { join } from 'node:path';

/** What this process may use of its machine: a container's control group may allow less than there is. */
export interface Machine {
  /** At least 1. */
  readonly processors: number;
  readonly bytes: number;
  readonly freeBytes: number;
  /** Whether a control group allows less than the machine has. */
  readonly limited: boolean;
}

/** What the machine has, whoever may use it. */
type Whole = Omit<Machine, 'limited'>;

/**
 * The machine within the limits of the control groups, version 1 and 2, that this process is in.
 *
 * @param root the folder with `proc` and `sys`
 */
export function thisMachine(root = '/', whole: Whole = wholeMachine()): Machine {
  const groups = controlGroups(root);
  const limits = groups.flatMap(({ memoryLimit }) => memoryLimit ?? []);
  const quotas = groups.flatMap(({ processors }) => processors ?? []);
  const free = groups.flatMap(({ memoryLimit, memoryUsed }) =>
    memoryLimit === null ? [] : Math.max(0, memoryLimit - memoryUsed),
  );
  const bytes = Math.min(whole.bytes, ...limits);
  const processors = Math.min(whole.processors, ...quotas.map((quota) => Math.max(1, Math.floor(quota))));
  return {
    processors,
    bytes,
    freeBytes: Math.min(whole.freeBytes, ...free),
    limited: bytes < whole.bytes || processors < whole.processors,
  };
}

function wholeMachine(): Whole {
  return { processors: availableParallelism(), bytes: totalmem(), freeBytes: freemem() };
}

/** Null where it sets no limit. */
interface ControlGroup {
  readonly memoryLimit: number | null;
  /** Without the files in memory that the system would give up. */
  readonly memoryUsed: number;
  /** Of processor time, as a number of processors. */
  readonly processors: number | null;
}

/** The groups of this process and all above them: each limits. */
function controlGroups(root: string): ControlGroup[] {
  const lines = read(root, 'proc/self/cgroup')?.split('\n') ?? [];
  return lines.flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) return [];
    const names = controllers.split(',');
    // In a container, its own group may be mounted as the topmost; the path is then that of the host.
    const folders = ancestors(path);
    if (controllers === '') return folders.map((folder) => unified(root, folder));
    return folders.flatMap((folder) => [
      ...(names.includes('memory') ? [firstMemory(root, folder)] : []),
      ...(names.includes('cpu') ? [firstProcessors(root, controllers, folder)] : []),
    ]);
  });
}

/** `/a/b` → `/a/b`, `/a`, `` */
function ancestors(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '..');
  return [...parts.keys(), parts.length].map((count) => parts.slice(0, count).join('/')).reverse();
}

function unified(root: string, folder: string): ControlGroup {
  const file = (name: string): string | null =>
    read(root, 'sys/fs/cgroup', folder, name) ?? read(root, 'sys/fs/cgroup/unified', folder, name);
  const [quota, period] = (file('cpu.max') ?? 'max').trim().split(' ');
  return {
    memoryLimit: bytesOf(file('memory.max')),
    memoryUsed: usedOf(file('memory.current'), file('memory.stat'), 'inactive_file'),
    processors: share(quota, period ?? '100000'),
  };
}

function firstMemory(root: string, folder: string): ControlGroup {
  const file = (name: string): string | null => read(root, 'sys/fs/cgroup/memory', folder, name);
  return {
    memoryLimit: bytesOf(file('memory.limit_in_bytes')),
    memoryUsed: usedOf(file('memory.usage_in_bytes'), file('memory.stat'), 'total_inactive_file'),
    processors: null,
  };
}

function firstProcessors(root: string, controllers: string, folder: string): ControlGroup {
  const file = (name: string): string | null =>
    read(root, 'sys/fs/cgroup', controllers, folder, name) ?? read(root, 'sys/fs/cgroup/cpu', folder, name);
  const processors = share(file('cpu.cfs_quota_us')?.trim(), file('cpu.cfs_period_us')?.trim());
  return { memoryLimit: null, memoryUsed: 0, processors };
}

/** No limit is `max`, or a number beyond any memory. */
function bytesOf(text: string | null): number | null {
  const bytes = Number(text?.trim() || NaN);
  return Number.isFinite(bytes) && bytes > 0 ? bytes : null;
}

function usedOf(current: string | null, stat: string | null, reclaimable: string): number {
  const files = Number(new RegExp(`^${reclaimable} (\\d+)$`, 'm').exec(stat ?? '')?.[1] ?? 0);
  return Math.max(0, (bytesOf(current) ?? 0) - files);
}

/** No limit is `max`, or −1. */
function share(quota: string | undefined, period: string | undefined): number | null {
  const processors = Number(quota) / Number(period);
  return Number.isFinite(processors) && processors > 0 ? processors : null;
}

function read(root: string, ...path: string[]): string | null {
  try {
    return readFileSync(join(root, ...path), 'utf8');
  } catch {
    return null;
  }
}
