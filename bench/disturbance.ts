import type { WorkflowHandle } from '@temporalio/client';
import { setTimeout as delay } from 'node:timers/promises';
import { EnvironmentFault } from '../errors/fault.js';
import type { Dice } from './dice.js';
import type { FaultOrder } from './fault-order.js';

/** Faults that a run meets while it goes on. */
export interface Disturbance<Kind extends string, Fault> {
  readonly dice: Dice;
  readonly order: FaultOrder<Kind>;
  /** How many at most. */
  readonly most: number;
  /** Mean seconds between two. */
  readonly pause: number;
  readonly onFault: (fault: Fault) => void;
}

/**
 * Strikes at random moments until there were enough faults or the run has ended.
 *
 * @param strike does it; null where there is nothing that it could be done to at this moment
 */
async function disturb<Kind extends string, Fault>(
  { dice, order, most, pause, onFault }: Disturbance<Kind, Fault>,
  strike: (kind: Kind) => Promise<Fault | null>,
  end: AbortSignal,
): Promise<Fault[]> {
  const faults: Fault[] = [];
  while (faults.length < most) {
    const wait = dice.between(0.4 * pause, 1.6 * pause) * 1000;
    await delay(wait, undefined, { signal: end }).catch(() => undefined);
    if (end.aborted) break;
    const kind = order.next();
    const fault = await strike(kind);
    if (fault === null) {
      order.again(kind);
    } else {
      faults.push(fault);
      onFault(fault);
    }
  }
  return faults;
}

/** Waits for a run's end while faults meet it. @returns how it ended, and what befell it */
export async function endedUnder<End, Kind extends string, Fault>(
  end: (given: AbortSignal) => Promise<End>,
  disturbance: Disturbance<Kind, Fault> | undefined,
  strike: (kind: Kind, dice: Dice) => Promise<Fault | null>,
): Promise<readonly [End, readonly Fault[]]> {
  const over = new AbortController();
  const [ending, faults = []] = await Promise.all([
    end(over.signal).finally(() => over.abort()),
    disturbance && disturb(disturbance, (kind) => strike(kind, disturbance.dice), over.signal),
  ]).finally(() => over.abort());
  return [ending, faults];
}

const pollMs = 300;
/** Far beyond what a run takes: it hangs. */
const longestMs = 30 * 60_000;

/** How a run ended, and after how many seconds by the server's clock. */
export interface Ended {
  readonly status: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly seconds: number;
}

/** Waits for a workflow's end, whoever of those one could ask is gone just then. */
export async function ended(run: WorkflowHandle, given: AbortSignal): Promise<Ended> {
  const deadline = performance.now() + longestMs;
  while (performance.now() < deadline && !given.aborted) {
    await delay(pollMs);
    const description = await run.client
      .withDeadline(Date.now() + 5_000, () => run.describe())
      .catch(() => null);
    if (description === null || description.status.name === 'RUNNING') continue;
    const { startTime, closeTime = startTime } = description;
    return {
      status: description.status.name,
      startedAt: startTime.getTime(),
      seconds: (closeTime.getTime() - startTime.getTime()) / 1000,
    };
  }
  throw failed(run, 'it does not come to its end');
}

/** Waits for a workflow that must complete. @returns its seconds */
export async function completed(run: WorkflowHandle, given: AbortSignal): Promise<number> {
  const { status, seconds } = await ended(run, given);
  if (status !== 'COMPLETED') throw failed(run, `it ${status}`);
  return seconds;
}

function failed({ workflowId }: WorkflowHandle, what: string): EnvironmentFault {
  return new EnvironmentFault({ where: `run ${workflowId}`, what });
}
