import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { outputOf } from '../../activities/doors.js';
import { RunDirectory } from '../../activities/run-directory.js';
import { openState } from '../../worker/state.js';
import { openStorePlace } from '../../worker/store-place.js';
import { readEvents, type RunEvent } from '../faults/events.js';
import { digestsOf, type Digests } from '../faults/outcome.js';
import type { Cluster } from './cluster.js';
import { operatorFolder, sharedFolder } from './host.js';

const hourMs = 3_600_000;

/** What a clock that was set by whole hours would have said unset: a run takes less than half an hour. */
export function trueTime(at: number, startedAt: number): number {
  return at - Math.round((at - startedAt) / hourMs) * hourMs;
}

/** What a worker noted of a fold. */
export interface HostEvent extends RunEvent {
  /** Null where all hosts write to one disk. */
  readonly host: string | null;
}

/** What the workers noted about a run's folds, on all the disks that each has had, in order. */
export function eventsOf({ options, workers }: Cluster, run: string, startedAt: number): HostEvent[] {
  const { folder, store } = options;
  const disks =
    store === 'folder'
      ? [{ host: null, disk: sharedFolder(folder) }]
      : workers.flatMap(({ host }) => host.disks.map((disk) => ({ host: host.name, disk })));
  return disks
    .map(({ host, disk }) => ({ host, directory: join(disk, 'runs', run) }))
    .filter(({ directory }) => existsSync(join(directory, 'events.ndjson')))
    .flatMap(({ host, directory }) => readEvents(directory).map((event) => ({ ...event, host })))
    .map((event) => ({ ...event, at: trueTime(event.at, startedAt) }))
    .toSorted((a, b) => a.at - b.at);
}

/** A fold's result as the store has it, whatever its host noted. */
export interface FoldRecord {
  readonly fold: number;
  /** The attempt that made it. */
  readonly attempt: number;
  /** For the first time: milliseconds since the epoch. */
  readonly writtenAt: number;
}

/**
 * The results of an execution's folds. When they were written the gate knows, past which all workers write; a folder
 * knows when they were last.
 *
 * @param since what was written before is not there any more: milliseconds since the epoch
 */
export async function recordsOf(cluster: Cluster, execution: string, since: number): Promise<FoldRecord[]> {
  const workdir = workdirOf(cluster);
  const { keys } = openState(workdir);
  const found: FoldRecord[] = [];
  for await (const { name, modified } of openStorePlace(workdir).objects.list('keys/')) {
    const record = await keys.find(/([^/]*)\.json$/.exec(name)?.[1] ?? '');
    if (record === null || record.activity !== 'trainFold' || record.execution !== execution) continue;
    const output = outputOf('trainFold', record.output);
    if (output === null) continue;
    const passed = cluster.gate.written.find(({ path, at }) => path.endsWith(`/${name}`) && at >= since);
    found.push({ fold: output.fold, attempt: output.attempts, writtenAt: passed?.at ?? modified });
  }
  return found;
}

/** Of the files that a completed run must always give the same bytes of, brought here from the store. */
export async function resultsOf(cluster: Cluster, run: string): Promise<Digests> {
  const workdir = workdirOf(cluster);
  if (cluster.options.store === 's3') await new RunDirectory(openState(workdir), run).bring(() => true);
  return digestsOf(join(workdir, 'runs', run));
}

/** As an operator's commands see it: what all share, or a folder of a machine that reaches the store. */
function workdirOf({ options: { folder, store } }: Cluster): string {
  return store === 'folder' ? sharedFolder(folder) : operatorFolder(folder);
}
