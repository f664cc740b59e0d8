import type { Span } from './course.js';
import type { Fault } from './fault.js';
import type { ClusterRun } from './run.js';

/** What a fault cost. */
export interface Loss {
  readonly fault: Fault;
  /** By how much that part of the run which it held up the longest fell behind an undisturbed run. */
  readonly behindSeconds: number;
}

/** What a run lost. */
export interface Losses {
  readonly byFault: readonly Loss[];
  /** By how much the run's parts fell behind together where no fault was: below zero where they were ahead. */
  readonly besidesSeconds: number;
}

/**
 * Every stretch that took longer than in an undisturbed run is laid to the first fault that lay in it and was of
 * a server or of a host that it depended on. A later fault in the same stretch came to a fold that stood still.
 */
export function lossesOf(run: ClusterRun, spans: readonly Span[], workers: readonly string[]): Losses {
  const behind = new Map<Fault, Map<string, number>>(run.faults.map((fault) => [fault, new Map()]));
  let besidesSeconds = 0;
  for (const span of spans) {
    const seconds = (span.to - span.from) / 1000 - span.expectedSeconds;
    const [parts] = run.faults
      .filter((fault) => meets(fault, span, workers))
      .flatMap((fault) => behind.get(fault) ?? []);
    if (parts === undefined) besidesSeconds += seconds;
    else parts.set(span.part, (parts.get(span.part) ?? 0) + seconds);
  }
  return {
    byFault: [...behind].map(([fault, parts]) => ({
      fault,
      behindSeconds: Math.max(0, ...parts.values()),
    })),
    besidesSeconds,
  };
}

function meets(
  { at, healedAt, host }: Fault,
  { from, to, hosts }: Span,
  workers: readonly string[],
): boolean {
  if (at >= to || healedAt < from) return false;
  return hosts === null || hosts.includes(host) || !workers.includes(host);
}
