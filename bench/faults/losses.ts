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
  /** From the fault until the fold trained again. */
  readonly downSeconds: number;
}

/** A loss for every attempt that another one had to go on from. */
export function lossesOf({ events, faults }: Pick<FinishedRun, 'events' | 'faults'>): Loss[] {
  const attempts = attemptsOf(events);
  return attempts.flatMap((attempt, index) => {
    const next = attempts[index + 1];
    return next?.fold === attempt.fold ? [lossOf(attempt, next, faults)] : [];
  });
}

function lossOf(attempt: Attempt, next: Attempt, faults: readonly Fault[]): Loss {
  const fault = causeOf(attempt, next, faults);
  const at = fault?.at ?? attempt.interrupted?.at ?? next.startedAt;
  const saved = attempt.saved.filter((place) => place.at <= at).at(-1) ?? attempt.saved[0];
  const unsavedSeconds = Math.max(0, (at - saved.at) / 1000);
  const reached = attempt.interrupted?.step ?? saved.step + rateOf(attempt) * unsavedSeconds;
  return {
    kind: fault?.kind ?? null,
    steps: Math.max(0, Math.ceil(Math.min(reached, attempt.steps) - next.resumedFrom)),
    unsavedSeconds,
    downSeconds: (next.startedAt - at) / 1000,
  };
}

/** The first fault after the attempt's last sign of life that met its worker, or the last one before its end. */
function causeOf(attempt: Attempt, next: Attempt, faults: readonly Fault[]): Fault | undefined {
  const met = faults.filter(
    ({ workers, at }) =>
      workers.includes(attempt.worker) && at >= attempt.startedAt - slackMs && at <= next.startedAt,
  );
  const { interrupted } = attempt;
  if (interrupted !== null) return met.findLast(({ at }) => at <= interrupted.at);
  return met.at(-1);
}

/** An attempt is noted a moment after it began. */
const slackMs = 1_000;

/** Steps a second between the places that it saved; what it trained beyond the last one is estimated by it. */
function rateOf({ saved }: Attempt): number {
  const [first, last] = [saved[0], saved.at(-1) ?? saved[0]];
  return last.at === first.at ? 0 : ((last.step - first.step) * 1000) / (last.at - first.at);
}
