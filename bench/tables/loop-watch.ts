import { readFileSync, readdirSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

export interface Watched {
  readonly seconds: number;
  /** For how long this process's event loop once stood still. */
  readonly longestStallMs: number;
  /** Largest resident size of a child; null where the system does not tell. */
  readonly childBytes: number | null;
}

const resolutionMs = 10;
const sampleMs = 100;

/** Watches this process's event loop and its children's memory while `work` goes on. */
export async function watching<T>(work: () => Promise<T>): Promise<{ value: T; watched: Watched }> {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  let childBytes: number | null = null;
  const sampling = setInterval(() => {
    const bytes = largestChild();
    if (bytes !== null) childBytes = Math.max(childBytes ?? 0, bytes);
  }, sampleMs);
  const started = performance.now();
  delay.enable();
  try {
    const value = await work();
    const seconds = (performance.now() - started) / 1000;
    delay.disable();
    const longestStallMs = Math.max(0, delay.max / 1e6 - resolutionMs);
    return { value, watched: { seconds, longestStallMs, childBytes } };
  } finally {
    clearInterval(sampling);
  }
}

/** By Linux's process files; null elsewhere, or without a child. */
function largestChild(): number | null {
  try {
    const tasks = readdirSync('/proc/self/task');
    const children = tasks.flatMap((task) =>
      readFileSync(`/proc/self/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean),
    );
    const sizes = children.map((pid) => {
      const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      return Number(kilobytes ?? 0) * 1024;
    });
    return sizes.length === 0 ? null : Math.max(...sizes);
  } catch {
    // A child that has just gone.
    return null;
  }
}
