import { Context, heartbeat } from '@temporalio/activity';
import { Attempts } from './attempts.js';

const intervalMs = 3_000;

/** What each activity's latest heartbeat said of how far it is. */
const latest = new WeakMap<Context, object>();

/** Says that the activity is alive and, where `details` are given, how far it is; they are kept for later beats. */
export function beat(details?: object): void {
  const context = Context.current();
  if (details !== undefined) latest.set(context, details);
  heartbeat({ ...latest.get(context), attempts: Attempts.of(context).tally(stepOf(context)) });
}

/** The optimizer step that a fold has come to in this attempt; 0 for what has no steps. */
export function stepOf(context: Context): number {
  const details = latest.get(context);
  return details !== undefined && 'step' in details && typeof details.step === 'number' ? details.step : 0;
}

/** Keeps an activity known to be alive while it works. */
export async function beating<T>(work: () => Promise<T>): Promise<T> {
  beat();
  const timer = setInterval(beat, intervalMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
