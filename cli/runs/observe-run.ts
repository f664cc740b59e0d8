import { defaultPayloadConverter } from '@temporalio/common';
import type { Client, WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import type { FoldHeartbeat } from '../../activities/contracts.js';
import { EnvironmentFault } from '../../errors/fault.js';
import type { Progress, RunState } from '../../workflows/progress.js';
import type { LiveActivity, RunView } from './run-view.js';

/** How long a worker may take to answer a query, in milliseconds. */
const queryDeadline = 5_000;

type PendingActivity = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];

/**
 * One look at a run: the workflow's own progress, and what only the server knows of its activities.
 *
 * @throws EnvironmentFault where no worker answers the query
 */
export async function observeRun(client: Client, handle: WorkflowHandle): Promise<RunView> {
  const description = await handle.describe();
  const progress = await queryProgress(client, handle);
  const end = description.closeTime ?? new Date();
  return {
    progress: { ...progress, state: stateOf(description, progress) },
    live: (description.raw.pendingActivities ?? []).map(liveActivity),
    elapsedSeconds: Math.max(0, (end.getTime() - description.startTime.getTime()) / 1000),
  };
}

async function queryProgress(client: Client, handle: WorkflowHandle): Promise<Progress> {
  try {
    return await client.withDeadline(Date.now() + queryDeadline, () => handle.query<Progress>('progress'));
  } catch (error) {
    throw new EnvironmentFault(
      {
        where: `run ${handle.workflowId}`,
        what: 'no worker answers for it',
        remedy: 'Start one with `foldwise dev` or `foldwise worker`.',
      },
      { cause: error },
    );
  }
}

/** The server's word counts where it knows more: a terminated workflow cannot say so itself. */
function stateOf({ status }: WorkflowExecutionDescription, { state }: Progress): RunState {
  if (status.name === 'RUNNING') return state;
  if (status.name === 'COMPLETED') return 'completed';
  return status.name === 'CANCELLED' || status.name === 'TERMINATED' ? 'cancelled' : 'failed';
}

/** Phases by `PendingActivityState`: scheduled, started, cancel requested, paused, pause requested. */
const phases: readonly LiveActivity['phase'][] = [
  'queued',
  'queued',
  'running',
  'cancelling',
  'paused',
  'paused',
];

function liveActivity(pending: PendingActivity): LiveActivity {
  return {
    activityId: pending.activityId ?? '',
    attempt: pending.attempt ?? 1,
    phase: phases[pending.state ?? 0] ?? 'running',
    heartbeat: heartbeatOf(pending),
    lastFailure: pending.lastFailure?.message ?? null,
  };
}

/** Heartbeats come from any version of a worker, so their shape is checked. */
function heartbeatOf({ heartbeatDetails }: PendingActivity): FoldHeartbeat | null {
  const payload = heartbeatDetails?.payloads?.[0];
  if (payload === undefined) return null;
  const details = defaultPayloadConverter.fromPayload<Partial<FoldHeartbeat> | null>(payload);
  if (typeof details !== 'object' || details === null) return null;
  const { fold, epoch, epochs, step, steps, loss, secondsPerStep } = details;
  const numbers = [fold, epoch, epochs, step, steps, secondsPerStep];
  if (!numbers.every((value) => typeof value === 'number')) return null;
  // JSON has no NaN: a loss that is none arrives as null. What else is told is for the next attempt.
  return { fold, epoch, epochs, step, steps, secondsPerStep, loss: loss ?? Number.NaN } as FoldHeartbeat;
}
