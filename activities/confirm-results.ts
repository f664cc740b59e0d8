import type { ActivityName } from '../pipeline/pipeline.js';
import { eachOf } from '../store/each-of.js';
import type { ArtifactRef } from '../store/store.js';
import type { ConfirmCall, RunActivities } from './contracts.js';
import { outputOf } from './doors.js';
import { beating } from './heartbeat.js';
import { records } from './records.js';
import { namedOutput } from './references.js';
import { RunDirectory } from './run-directory.js';
import type { Services } from './services.js';

/** Results that are looked for at once. */
const readers = 8;

/** Which results of a run are not in the store any more, by their places in the call; all others are in its index. */
export function confirmResults(services: Services): RunActivities['confirmResults'] {
  return (call) => beating(() => confirm(services, call));
}

async function confirm(services: Services, { run, results }: ConfirmCall): Promise<number[]> {
  const files: Record<string, ArtifactRef> = {};
  const lost: number[] = [];
  await eachOf(results.entries(), readers, async ([place, { activity, member, output }]) => {
    const found = await filesOf(services, activity, member, output);
    if (found === null) lost.push(place);
    else Object.assign(files, found);
  });
  const directory = new RunDirectory(services, run);
  await directory.index(files);
  if (lost.length > 0) await directory.note('results lost', { results: lost.length });
  return lost.sort((a, b) => a - b);
}

/** Null where one of them is gone. */
async function filesOf<Name extends ActivityName>(
  { store }: Services,
  activity: Name,
  member: string,
  given: unknown,
): Promise<Readonly<Record<string, ArtifactRef>> | null> {
  const whole = await namedOutput(store, given);
  const output = whole === null ? null : outputOf(activity, whole);
  if (output === null) return null;
  const files = records[activity].files(output, member);
  for (const ref of Object.values(files)) if (!(await store.has(ref))) return null;
  return files;
}
