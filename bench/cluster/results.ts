import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { RunDirectory } from '../../activities/run-directory.js';
import { openState } from '../../worker/state.js';
import { readEvents, type RunEvent } from '../faults/events.js';
import { digestsOf, type Digests } from '../faults/outcome.js';
import type { Cluster } from './cluster.js';
import { sharedFolder } from './host.js';

const hourMs = 3_600_000;

/** What a clock that was set by whole hours would have said unset: a run takes less than half an hour. */
export function trueTime(at: number, started: Date): number {
  return at - Math.round((at - started.getTime()) / hourMs) * hourMs;
}

/** What the workers noted about a run's folds, each on its own disk unless they share one, in order. */
export function eventsOf({ options, workers }: Cluster, run: string, started: Date): RunEvent[] {
  const { folder, store } = options;
  const disks = store === 'folder' ? [sharedFolder(folder)] : workers.map(({ host }) => host.folder);
  return disks
    .map((disk) => join(disk, 'runs', run))
    .filter((directory) => existsSync(join(directory, 'events.ndjson')))
    .flatMap((directory) => readEvents(directory))
    .map((event) => ({ ...event, at: trueTime(event.at, started) }))
    .toSorted((a, b) => a.at - b.at);
}

/** Of the files that a completed run must always give the same bytes of, brought here from the store. */
export async function resultsOf({ options }: Cluster, run: string): Promise<Digests> {
  const { folder, store } = options;
  if (store === 'folder') return digestsOf(join(sharedFolder(folder), 'runs', run));
  const workdir = join(folder, 'operator');
  await new RunDirectory(openState(workdir), run).bring(() => true);
  return digestsOf(join(workdir, 'runs', run));
}
