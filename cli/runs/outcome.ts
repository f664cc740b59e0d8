import { exitCodes } from '../exit-codes.js';
import { CommandFailure } from '../failure.js';
import type { RunView } from './run-view.js';
import { failureReasons } from './waiting.js';

/**
 * Why a command that follows a run ends without success, with an exit code that tells which; null for a
 * run that completed.
 *
 * @param ways what a person can do where the run waits, a line each
 */
export function failureOf(view: RunView, ways: readonly string[]): CommandFailure | null {
  const { run, state, waitingFor } = view.progress;
  const why = view.failure === null ? '' : `: ${view.failure}`;
  switch (state) {
    case 'completed':
      return null;
    case 'cancelled':
      return new CommandFailure(`run ${run} was cancelled${why}`, exitCodes.runCancelled);
    case 'failed':
      return new CommandFailure(`run ${run} failed${why}`, exitCodes.runFailed);
    case 'waiting':
    case 'running': {
      const head = `run ${run} waits: ${waitingFor ?? 'for a decision'}`;
      return new CommandFailure([head, ...failureReasons(view), ...ways].join('\n'), exitCodes.runWaits);
    }
  }
}

/** The innermost message: those around it only say that an activity or a workflow failed. */
export function rootCause(error: Error): string {
  let at = error;
  while (at.cause instanceof Error) at = at.cause;
  return at.message;
}
