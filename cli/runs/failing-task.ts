import type { Client, WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import { EnvironmentFault } from '../../errors/fault.js';
import { messageOf } from './decoded.js';

/** Temporal's `EVENT_TYPE_WORKFLOW_TASK_COMPLETED` and `EVENT_TYPE_WORKFLOW_TASK_FAILED`. */
const ends: readonly (temporal.api.enums.v1.EventType | null | undefined)[] = [7, 9];

/** Events that may have come since a task failed: of activities that end meanwhile. */
const recentEvents = 1000;

/**
 * Why no worker answers for a run although one takes its tasks: each fails there and is tried again, as where a
 * worker lacks a key of what it is given. Null where that is not so.
 */
export async function failingTask(
  client: Client,
  run: string,
  { workflowId }: Pick<WorkflowHandle, 'workflowId'>,
  { runId, raw }: Pick<WorkflowExecutionDescription, 'runId' | 'raw'>,
): Promise<EnvironmentFault | null> {
  const attempt = raw.pendingWorkflowTask?.attempt ?? 1;
  if (attempt <= 1) return null;
  const { history } = await client.workflowService.getWorkflowExecutionHistoryReverse({
    namespace: client.options.namespace,
    execution: { workflowId, runId },
    maximumPageSize: recentEvents,
  });
  const last = history?.events?.find(({ eventType }) => ends.includes(eventType));
  const failure = last?.workflowTaskFailedEventAttributes?.failure;
  if (failure == null) return null;
  const why = await messageOf(client, failure);
  return new EnvironmentFault({
    where: `run ${run}`,
    what: 'a worker takes it up and fails at it, and nothing of the run goes on',
    found: `attempt ${attempt}${why === null ? '' : `: ${why.replace(/\.$/, '')}`}`,
    remedy:
      'It is tried again by itself, at most ten minutes apart; the log of the worker on `main` has all of it.',
  });
}
