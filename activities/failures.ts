import { CompleteAsyncError, Context, log } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { capped } from '../errors/capped.js';
import { Fault } from '../errors/fault.js';
import { ArtifactDamaged, ArtifactMissing } from '../store/faults.js';
import { Attempts } from './attempts.js';
import { beat, stepOf } from './heartbeat.js';

/** Attempts that an error nobody foresaw gets: a second try sometimes helps, a tenth does not. */
const unforeseenAttempts = 3;

const unexpected = 'Unexpected';

/**
 * Runs an activity's work and turns what it throws into what Temporal records: the one place that
 * decides what is retried. Nothing but a fault's own message leaves the process, as other messages
 * may quote data.
 */
export async function guarded<T>(work: () => Promise<T>): Promise<T> {
  const context = Context.current();
  const attempts = Attempts.of(context);
  try {
    attempts.requireHope(context.info.activityType);
    return await work();
  } catch (error) {
    // Rejects with the cancellation: what comes of being told to end is no failure, and not tried again.
    if (context.cancellationSignal.aborted) {
      attempts.stopped();
      beat();
      await context.cancelled;
    }
    const failure = asFailure(error instanceof Fault ? attempts.note(error, stepOf(context)) : error);
    beat();
    throw failure;
  }
}

export function asFailure(error: unknown): unknown {
  if (error instanceof CancelledFailure || error instanceof ApplicationFailure) return error;
  if (error instanceof CompleteAsyncError) return error;
  return error instanceof Fault ? foreseen(error) : unforeseen(error);
}

function foreseen(error: Fault): ApplicationFailure {
  // What a trainer did not foresee comes as a fault of this name.
  const exhausted = error.name === unexpected && Context.current().info.attempt >= unforeseenAttempts;
  return ApplicationFailure.create({
    message: error.message,
    type: error.name,
    nonRetryable: !error.retryable || isLostArtifact(error) || exhausted,
    details: [error.details],
  });
}

/** Trying again finds them lost again: what made them has to run, and that the workflow sees to. */
function isLostArtifact(error: Fault): boolean {
  return error instanceof ArtifactMissing || error instanceof ArtifactDamaged;
}

function unforeseen(error: unknown): ApplicationFailure {
  const { activityType, attempt } = Context.current().info;
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  log.error('an activity failed unexpectedly', { error: capped(text) });
  const name = error instanceof Error ? error.name : typeof error;
  return ApplicationFailure.create({
    message: `${activityType}: an unexpected ${name}${placeOf(error)}; the worker's log holds its message`,
    type: unexpected,
    nonRetryable: attempt >= unforeseenAttempts,
  });
}

function placeOf(error: unknown): string {
  const frame = error instanceof Error ? /\bat .*?([\w.-]+:\d+):\d+\)?$/m.exec(error.stack ?? '') : null;
  return frame === null ? '' : ` at ${frame[1]}`;
}
