import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What a child process is for. */
export type ChildKind = 'trainer' | 'engine' | 'tables';

const children = new Map<ChildProcess, ChildKind>();

/** Remembers a child of this process until it ends. */
export function remember(child: ChildProcess, kind: ChildKind): void {
  // One that could not be started ends by no event.
  if (child.pid === undefined) return;
  children.set(child, kind);
  child.once('exit', () => children.delete(child));
}

/** Bytes that the children have in memory now, by what they are for; 0 where the system does not say. */
export function childMemory(): ReadonlyMap<ChildKind, number> {
  const sums = new Map<ChildKind, number>([
    ['trainer', 0],
    ['engine', 0],
    ['tables', 0],
  ]);
  for (const [{ pid }, kind] of children) sums.set(kind, (sums.get(kind) ?? 0) + residentBytes(pid));
  return sums;
}

function residentBytes(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    // It has just ended, or there is no /proc.
    return 0;
  }
}
