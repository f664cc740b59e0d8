import { startRun } from '../../cli/runs/start-run.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { ended, endedUnder, type Disturbance } from '../disturbance.js';
import type { Digests } from '../faults/outcome.js';
import type { Cluster } from './cluster.js';
import { emptiedUntil, type Fault, type FaultKind } from './fault.js';
import { eventsOf, recordsOf, resultsOf, type FoldRecord, type HostEvent } from './results.js';
import { retried } from './retried.js';
import { strike } from './strike.js';

/** One run of the pipeline on the cluster. */
export interface ClusterRun {
  /** Null where it did not complete. */
  readonly digests: Digests | null;
  readonly status: string;
  /** By the server's clock: milliseconds since the epoch. */
  readonly startedAt: number;
  /** From the workflow's start to its end. */
  readonly seconds: number;
  readonly faults: readonly Fault[];
  /** What the hosts noted, those included that were replaced since. */
  readonly events: readonly HostEvent[];
  /** What the store has of it since it was emptied last, where it completed. */
  readonly records: readonly FoldRecord[];
}

/** Runs a pipeline to its end; nothing of earlier runs is reused. */
export async function runOn(
  cluster: Cluster,
  pipeline: Pipeline,
  disturbance?: Disturbance<FaultKind, Fault>,
): Promise<ClusterRun> {
  const options = { fresh: true, startedAt: new Date() };
  const { run, handle } = await retried(() => startRun(cluster.client, pipeline, options));
  const execution = (await retried(() => handle.describe())).runId;
  const [{ status, startedAt, seconds }, faults] = await endedUnder(
    (given) => ended(handle, given),
    disturbance,
    (kind, dice) => strike(kind, { cluster, dice }),
  );
  const events = eventsOf(cluster, run, startedAt);
  if (status !== 'COMPLETED')
    return { status, startedAt, seconds, faults, events, records: [], digests: null };
  const digests = await retried(() => resultsOf(cluster, run));
  const records = await retried(() => recordsOf(cluster, execution, emptiedUntil(faults) ?? startedAt));
  return { status, startedAt, seconds, faults, events, records, digests };
}
