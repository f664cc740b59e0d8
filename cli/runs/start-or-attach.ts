import {
  WorkflowExecutionAlreadyStartedError,
  type Client,
  type WorkflowHandle,
  type WorkflowStartOptions,
} from '@temporalio/client';
import { runOf, type FoundRun } from './find-run.js';

export interface StartedWorkflow extends FoundRun {
  /** True where an open one of that id was there already. */
  readonly attached: boolean;
}

/**
 * Starts a workflow, or attaches to the open one of its id. The server itself sees to it that there is one.
 *
 * @param options with its run in the memo
 */
export async function startOrAttach(
  client: Client,
  type: string,
  options: WorkflowStartOptions,
): Promise<StartedWorkflow> {
  const started = await startNew(client, type, options);
  // One that ended since then is not gone on with, but started anew.
  const handle =
    started ?? (await client.workflow.start(type, { ...options, workflowIdConflictPolicy: 'USE_EXISTING' }));
  return { handle, run: runOf(await handle.describe()), attached: started === null };
}

/** Null where there is an open one. */
async function startNew(
  client: Client,
  type: string,
  options: WorkflowStartOptions,
): Promise<WorkflowHandle | null> {
  try {
    return await client.workflow.start(type, { ...options, workflowIdConflictPolicy: 'FAIL' });
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return null;
    throw error;
  }
}
