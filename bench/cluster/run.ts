import { startRun } from '../../cli/runs/start-run.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { disturb, ended, type Disturbance } from '../disturbance.js';
import type { RunEvent } from '../faults/events.js';
import type { Digests } from '../faults/outcome.js';
import type { Cluster } from './cluster.js';
import type { Fault, FaultKind } from './fault.js';
import { eventsOf, resultsOf } from './results.js';
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
      disturb(
        disturbance,
        (kind) => strike(kind, { cluster, run: handle, dice: disturbance.dice }),
        end.signal,
      ),
  ]).finally(() => end.abort());
  const events = eventsOf(cluster, run, startedAt);
  const digests = status === 'COMPLETED' ? await retried(() => resultsOf(cluster, run)) : null;
  return { digests, status, seconds, faults, events };
}
