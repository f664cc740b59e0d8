import { join } from 'node:path';
import { startRun } from '../../cli/runs/start-run.js';
import { completed, endedUnder, type Disturbance } from '../disturbance.js';
import { readEvents, type RunEvent } from './events.js';
import type { Fault, FaultKind } from './fault.js';
import { Fleet } from './fleet.js';
import { leftovers } from './leftovers.js';
import { digestsOf, type Digests } from './outcome.js';
import { strike } from './strike.js';
import type { Subject } from './subject.js';

/** One run of a subject, disturbed or not. */
export interface FinishedRun {
  readonly digests: Digests;
  /** From the workflow's start to its end. */
  readonly seconds: number;
  readonly faults: readonly Fault[];
  readonly events: readonly RunEvent[];
  /** What it left and should not have. */
  readonly leftovers: readonly string[];
}

/** Runs a subject in a folder of its own, to its end. */
export async function runSubject(
  workdir: string,
  subject: Subject,
  disturbance?: Disturbance<FaultKind, Fault>,
): Promise<FinishedRun> {
  const fleet = await Fleet.start(workdir, subject);
  const { run, handle } = await startRun(fleet.client, subject.pipeline, {
    fresh: false,
    startedAt: new Date(),
  });
  const [seconds, faults] = await endedUnder(
    (given) => completed(handle, given),
    disturbance,
    (kind, dice) => strike(kind, { fleet, run: handle, dice }),
  ).finally(() => fleet.stop());
  const directory = join(workdir, 'runs', run);
  return {
    digests: digestsOf(directory),
    seconds,
    faults,
    events: readEvents(directory),
    leftovers: await leftovers(workdir),
  };
}
