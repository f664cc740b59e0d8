import { CompleteAsyncError, Context, log } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { Fault } from '../errors/fault.js';
import { ArtifactDamaged, ArtifactMissing } from '../store/faults.js';

/** Attempts that an error nobody foresaw gets: a second try sometimes helps, a tenth does not. */
const unforeseenAttempts = 3;

const unexpected = 'Unexpected';

/**
 * Runs an activity's work and turns what it throws into what Temporal records: the one place that
 * decides what is retried. Nothing but a fault's own message leaves the process, as other messages
 * may quote data.
 */
export async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asFailure(error);
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
  log.error('an activity failed unexpectedly', { error });
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
