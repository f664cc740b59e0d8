import type { WorkflowHandle } from '@temporalio/client';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startRun } from '../../cli/runs/start-run.js';
import { EnvironmentFault } from '../../errors/fault.js';
import type { Dice } from '../dice.js';
import { readEvents, type RunEvent } from './events.js';
import type { Fault, FaultOrder } from './fault.js';
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

export interface Disturbance {
  readonly dice: Dice;
  readonly order: FaultOrder;
  /** How many at most. */
  readonly most: number;
  /** Mean seconds between two. */
  readonly pause: number;
  readonly onFault: (fault: Fault) => void;
}

const pollMs = 300;
/** Far beyond what a run takes: it hangs. */
const longestMs = 30 * 60_000;

/** Runs a subject in a folder of its own, to its end. */
export async function runSubject(
  workdir: string,
  subject: Subject,
  disturbance?: Disturbance,
): Promise<FinishedRun> {
  const fleet = await Fleet.start(workdir, subject);
  const { run, handle } = await startRun(fleet.client, subject.pipeline, {
    fresh: false,
    startedAt: new Date(),
  });
  const end = new AbortController();
  const faults: Fault[] = [];
  const [seconds] = await Promise.all([
    ended(handle, end.signal).finally(() => end.abort()),
    disturbance === undefined ? undefined : disturb(fleet, handle, disturbance, faults, end.signal),
  ]).finally(async () => {
    end.abort();
    await fleet.stop();
  });
  const directory = join(workdir, 'runs', run);
  return {
    digests: digestsOf(directory),
    seconds,
    faults,
    events: readEvents(directory),
    leftovers: await leftovers(workdir),
  };
}

async function disturb(
  fleet: Fleet,
  run: WorkflowHandle,
  { dice, order, most, pause, onFault }: Disturbance,
  faults: Fault[],
  end: AbortSignal,
): Promise<void> {
  while (faults.length < most) {
    const wait = dice.between(0.4 * pause, 1.6 * pause) * 1000;
    await delay(wait, undefined, { signal: end }).catch(() => undefined);
    if (end.aborted) return;
    const kind = order.next();
    const fault = await strike(kind, { fleet, run, dice });
    if (fault === null) {
      order.again(kind);
    } else {
      faults.push(fault);
      onFault(fault);
    }
  }
}

/** Waits for the workflow's end, whoever of those one could ask is gone just then. @returns its seconds */
async function ended(run: WorkflowHandle, given: AbortSignal): Promise<number> {
  const deadline = performance.now() + longestMs;
  while (performance.now() < deadline && !given.aborted) {
    await delay(pollMs);
    const description = await run.client
      .withDeadline(Date.now() + 5_000, () => run.describe())
      .catch(() => null);
    if (description === null || description.status.name === 'RUNNING') continue;
    if (description.status.name !== 'COMPLETED') throw failed(run, `it ${description.status.name}`);
    return (description.closeTime!.getTime() - description.startTime.getTime()) / 1000;
  }
  throw failed(run, 'it does not come to its end');
}

function failed({ workflowId }: WorkflowHandle, what: string): EnvironmentFault {
  return new EnvironmentFault({ where: `run ${workflowId}`, what });
}
