import { join } from 'node:path';
import { startRun } from '../../cli/runs/start-run.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { disturb, ended, type Disturbance } from '../disturbance.js';
import { readEvents, type RunEvent } from '../faults/events.js';
import { digestsOf, type Digests } from '../faults/outcome.js';
import type { Cluster } from './cluster.js';
import type { Fault, FaultKind } from './fault.js';
import { retried } from './retried.js';
import { strike } from './strike.js';

/** One run of the pipeline on the cluster. */
export interface ClusterRun {
  /** Null where it did not complete. */
  readonly digests: Digests | null;
  readonly status: string;
  /** From the workflow's start to its end. */
  readonly seconds: number;
  readonly faults: readonly Fault[];
  readonly events: readonly RunEvent[];
}

/** Runs a pipeline to its end; nothing of earlier runs is reused. */
export async function runOn(
  cluster: Cluster,
  pipeline: Pipeline,
  disturbance?: Disturbance<FaultKind, Fault>,
): Promise<ClusterRun> {
  const startedAt = new Date();
  const { run, handle } = await retried(() => startRun(cluster.client, pipeline, { fresh: true, startedAt }));
  const end = new AbortController();
  const [{ status, seconds }, faults = []] = await Promise.all([
    ended(handle, end.signal).finally(() => end.abort()),
    disturbance &&
      disturb(disturbance, (kind) => strike(kind, { cluster, dice: disturbance.dice }), end.signal),
  ]).finally(() => end.abort());
  const directory = join(cluster.options.folder, 'shared', 'runs', run);
  const events = readEvents(directory).map((event) => ({ ...event, at: trueTime(event.at, startedAt) }));
  return { digests: status === 'COMPLETED' ? digestsOf(directory) : null, status, seconds, faults, events };
}

const hourMs = 3_600_000;

/** What a clock that was set by whole hours would have said unset: a run takes less than half an hour. */
export function trueTime(at: number, started: Date): number {
  return at - Math.round((at - started.getTime()) / hourMs) * hourMs;
}
