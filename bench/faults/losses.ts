import { attemptsOf, type Attempt } from './attempts.js';
import type { Fault, FaultKind } from './fault.js';
import type { FinishedRun } from './run.js';

/** What the end of one attempt cost. */
export interface Loss {
  /** What ended it; null where no fault of the campaign can have. */
  readonly kind: FaultKind | null;
  /** Steps that the next attempt did again. */
  readonly steps: number;
  /** From the last checkpoint, or the start, to the fault: what there was to lose. */
  readonly unsavedSeconds: number;
  /** From the fault until this fold or a waiting one began to train in its place. */
  readonly downSeconds: number;
}

/** A loss for every attempt that another one had to go on from. */
export function lossesOf({ events, faults }: Pick<FinishedRun, 'events' | 'faults'>): Loss[] {
  const attempts = attemptsOf(events);
  return attempts.flatMap((attempt, index) => {
    const next = attempts[index + 1];
    if (next?.cell !== attempt.cell) return [];
    const fault = causeOf(attempt, next, faults);
    const at = fault?.at ?? attempt.interrupted?.at ?? next.startedAt;
    const starts = attempts.map(({ startedAt }) => startedAt).filter((start) => start > at);
    const downSeconds = (Math.min(...starts, next.startedAt) - at) / 1000;
    return [{ kind: fault?.kind ?? null, downSeconds, ...workLost(attempt, next, at) }];
  });
}

/** @param at when the attempt ended, in milliseconds since the epoch */
function workLost(attempt: Attempt, next: Attempt, at: number): Pick<Loss, 'steps' | 'unsavedSeconds'> {
  const saved = attempt.saved.filter((place) => place.at <= at).at(-1) ?? attempt.saved[0];
  const unsavedSeconds = Math.max(0, (at - saved.at) / 1000);
  const reached = attempt.interrupted?.step ?? saved.step + rateOf(attempt) * unsavedSeconds;
  return {
    steps: Math.max(0, Math.ceil(Math.min(reached, attempt.steps) - next.resumedFrom)),
    unsavedSeconds,
  };
}

/** The last fault that met the attempt's worker before its end was seen. */
function causeOf(attempt: Attempt, next: Attempt, faults: readonly Fault[]): Fault | undefined {
  const met = faults.filter(
    ({ workers, at }) =>
      workers.includes(attempt.worker) && at >= attempt.startedAt - slackMs && at <= next.startedAt,
  );
  const { interrupted } = attempt;
  return interrupted === null ? met.at(-1) : met.findLast(({ at }) => at <= interrupted.at);
}

/** An attempt is noted a moment after it began. */
const slackMs = 1_000;

/** Steps a second between the places that it saved; what it trained beyond the last one is estimated by it. */
function rateOf({ saved }: Attempt): number {
  const [first, last] = [saved[0], saved.at(-1) ?? saved[0]];
  return last.at === first.at ? 0 : ((last.step - first.step) * 1000) / (last.at - first.at);
}
