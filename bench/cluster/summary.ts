import { spread, type Spread } from '../step/summary.js';
import type { Digests } from '../faults/outcome.js';
import { spansOf } from './course.js';
import type { FaultKind } from './fault.js';
import { lossesOf } from './losses.js';
import type { ClusterRun } from './run.js';
import { violationsOf } from './verdict.js';

/** Disturbed runs, and the undisturbed one before them that each is compared with. */
export interface Pair {
  readonly undisturbed: ClusterRun;
  readonly disturbed: ClusterRun;
}

/** What one kind of fault cost. */
export interface Cost {
  readonly count: number;
  /** Seconds by which what it held up the longest fell behind an undisturbed run. */
  readonly behind: Spread & { readonly mean: number };
}

/** What the cluster went through. */
export interface Summary {
  readonly faultCount: number;
  readonly runs: number;
  readonly files: number;
  readonly seconds: {
    readonly undisturbed: Spread;
    readonly disturbed: Spread;
    /** Of each run beyond the undisturbed one before it. */
    readonly more: Spread;
    /** By which a run's parts together fell behind where no fault was; the mean of the runs. */
    readonly besides: number;
  };
  readonly costs: Readonly<Partial<Record<FaultKind, Cost>>>;
  /** A sentence for each thing that is not as it must be. */
  readonly violations: readonly string[];
}

export interface SummaryOptions {
  readonly expected: Digests;
  readonly epochs: number;
  /** Hosts that train, and those besides on which a worker is. */
  readonly hosts: { readonly training: number; readonly workers: readonly string[] };
}

export function summarise(pairs: readonly Pair[], { expected, epochs, hosts }: SummaryOptions): Summary {
  const undisturbed = [...new Set(pairs.map((pair) => pair.undisturbed))];
  const runs = pairs.map(({ disturbed }) => disturbed);
  const losses = pairs.map(({ disturbed, undisturbed: pattern }) =>
    lossesOf(disturbed, spansOf(disturbed, pattern, { epochs, slots: hosts.training }), hosts.workers),
  );
  const byFault = losses.flatMap((each) => each.byFault);
  const kinds = [...new Set(byFault.map(({ fault }) => fault.kind))];
  const more = pairs.map((pair) => pair.disturbed.seconds - pair.undisturbed.seconds);
  return {
    faultCount: byFault.length,
    runs: runs.length,
    files: Object.keys(expected).length,
    seconds: {
      undisturbed: spread(undisturbed.map(({ seconds }) => seconds)),
      disturbed: spread(runs.map(({ seconds }) => seconds)),
      more: spread(more),
      besides: mean(losses.map(({ besidesSeconds }) => besidesSeconds)),
    },
    costs: Object.fromEntries(
      kinds.map((kind) => [
        kind,
        costOf(byFault.flatMap((loss) => (loss.fault.kind === kind ? loss.behindSeconds : []))),
      ]),
    ),
    violations: [
      ...named(undisturbed, 'undisturbed run', expected),
      ...named(runs, 'disturbed run', expected),
    ],
  };
}

function named(runs: readonly ClusterRun[], what: string, expected: Digests): string[] {
  return runs.flatMap((run, index) =>
    violationsOf(expected, run).map((sentence) => `${what} ${index + 1}: ${sentence}`),
  );
}

function costOf(behind: readonly number[]): Cost {
  return { count: behind.length, behind: { ...spread(behind), mean: mean(behind) } };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
