import {
  WorkflowFailedError,
  type Client,
  type WorkflowExecutionDescription,
  type WorkflowHandle,
} from '@temporalio/client';
import type { FoldHeartbeat } from '../../activities/contracts.js';
import { trainedOn } from '../../activities/outputs.js';
import { EnvironmentFault, InputFault } from '../../errors/fault.js';
import type { Progress, RunState } from '../../workflows/progress.js';
import { noCurrentVersion, otherVersion } from './carriers.js';
import { decoded, decryptedAnswer, messageOf } from './decoded.js';
import { rootCause } from './outcome.js';
import { failingTask } from './failing-task.js';
import type { FoundRun } from './find-run.js';
import { lastAttempt } from './last-attempt.js';
import { endedProgress, isOver, shownProgress, type LiveActivity, type RunView } from './run-view.js';

/** How long a worker may take to answer a query, in milliseconds. */
const queryDeadline = 5_000;

type Pending = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];

/**
 * One look at a run: the workflow's own progress, and what only the server knows of its activities. Of a
 * run that has ended the server knows how, also where no worker answers for its steps.
 *
 * @throws EnvironmentFault where no worker answers for a run that is open
 */
export async function observeRun(client: Client, { run, handle }: FoundRun): Promise<RunView> {
  // Asked first: what runs then, and is not held as under way after it, has ended meanwhile.
  const answer = await queryProgress(client, run, handle);
  const description = await handle.describe();
  const over = description.status.name !== 'RUNNING';
  if (answer instanceof EnvironmentFault && !over) {
    const version = await otherVersion(client, run, description);
    throw (
      version ??
      (await noCurrentVersion(client, run, description)) ??
      (await failingTask(client, run, handle, description)) ??
      answer
    );
  }
  const progress = await settled(answer, over, () => queryProgress(client, run, handle));
  const pending = description.raw.pendingActivities ?? [];
  const live = await Promise.all(pending.map((activity) => liveActivity(client, activity)));
  const end = description.closeTime ?? new Date();
  return {
    // A run that failed while its pipeline was read does not know its name.
    progress: {
      ...(over ? endedProgress(progress) : shownProgress(progress, live)),
      run,
      state: stateOf(description, progress),
    },
    live,
    elapsedSeconds: Math.max(0, (end.getTime() - description.startTime.getTime()) / 1000),
    failure: over ? await failureOf(handle, description) : null,
  };
}

/** The answer, or the last one of a run that ended after it. */
async function settled(
  answer: Progress | EnvironmentFault,
  over: boolean,
  ask: () => Promise<Progress | EnvironmentFault>,
): Promise<Progress> {
  if (answer instanceof EnvironmentFault) return nothingKnown;
  if (!over || isOver(answer.state)) return answer;
  const last = await ask();
  return last instanceof EnvironmentFault ? answer : last;
}

const nothingKnown: Progress = { run: '', pipeline: '', state: 'running', waitingFor: null, steps: [] };

/** A fault where no worker answers. */
async function queryProgress(
  client: Client,
  run: string,
  handle: WorkflowHandle,
): Promise<Progress | EnvironmentFault> {
  try {
    const ask = (): Promise<Progress> => handle.query<Progress>('progress');
    const answer = await client.withDeadline(Date.now() + queryDeadline, ask);
    return decryptedAnswer(answer, `the progress of run ${run}`);
  } catch (error) {
    if (error instanceof InputFault) throw error;
    return new EnvironmentFault(
      {
        where: `run ${run}`,
        what: 'no worker answers for it',
        remedy: 'Start one with `foldwise dev` or `foldwise worker`.',
      },
      { cause: error },
    );
  }
}

/** Why a run that has ended did not complete; null where it did, or was cancelled. */
async function failureOf(
  handle: WorkflowHandle,
  { status }: WorkflowExecutionDescription,
): Promise<string | null> {
  if (status.name === 'COMPLETED' || status.name === 'CANCELLED') return null;
  try {
    await handle.result();
    return null;
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    if (status.name === 'TERMINATED') return `terminated: ${error.message}`;
    return status.name === 'TIMED_OUT' ? 'its time limit ran out' : rootCause(error);
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

async function liveActivity(client: Client, pending: Pending): Promise<LiveActivity> {
  const { lastFailure } = pending;
  return {
    activityId: pending.activityId ?? '',
    attempt: pending.attempt ?? 1,
    phase: phases[pending.state ?? 0] ?? 'running',
    heartbeat: await heartbeatOf(client, pending),
    ...lastAttempt(
      lastFailure == null ? null : { ...lastFailure, message: await messageOf(client, lastFailure) },
    ),
  };
}

/** Heartbeats come from any version of a worker, so their shape is checked. */
async function heartbeatOf(client: Client, { heartbeatDetails }: Pending): Promise<FoldHeartbeat | null> {
  const payload = heartbeatDetails?.payloads?.[0];
  if (payload === undefined) return null;
  const details = (await decoded(client, payload)) as Partial<FoldHeartbeat> | null;
  if (typeof details !== 'object' || details === null) return null;
  const { fold, epoch, epochs, step, steps, loss, secondsPerStep, on } = details;
  const numbers = [fold, epoch, epochs, step, steps, secondsPerStep];
  if (!numbers.every((value) => typeof value === 'number')) return null;
  // JSON has no NaN: a loss that is none arrives as null. What else is told is for the next attempt.
  const told = {
    fold,
    epoch,
    epochs,
    step,
    steps,
    secondsPerStep,
    loss: loss ?? Number.NaN,
  } as FoldHeartbeat;
  const known = trainedOn.safeParse(on).data;
  return known === undefined ? told : { ...told, on: known };
}
