import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { CommandFailure } from '../failure.js';
import type { RunView } from './run-view.js';

/**
 * Returns for a run that completed.
 *
 * @throws CommandFailure saying in one message why it did not
 */
export async function requireCompleted(handle: WorkflowHandle, view: RunView | null): Promise<void> {
  try {
    await handle.result();
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const run = view?.progress.run ?? handle.workflowId;
    throw new CommandFailure(`run ${run} ${ending(view)}: ${rootCause(error)}`, 1);
  }
}

function ending(view: RunView | null): string {
  return view?.progress.state === 'cancelled' ? 'was cancelled' : 'failed';
}

/** The innermost message: those around it only say that an activity or a workflow failed. */
function rootCause(error: Error): string {
  let at = error;
  while (at.cause instanceof Error) at = at.cause;
  return at.message;
}
