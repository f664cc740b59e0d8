import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { AcceptedRuns } from '../../activities/admission.js';
import { runOf } from '../runs/find-run.js';
import { startOrAttach, type StartedWorkflow } from '../runs/start-or-attach.js';
import { workflowQueue } from '../../pipeline/task-queues.js';
import { scoreSummaryOf, type ScoreRequest } from './score-request.js';

/** Starts a scoring, or attaches to the open one of the same table by the same ensemble and options. */
export async function startScore(
  client: Client,
  request: ScoreRequest,
  score: string,
  accepts: AcceptedRuns,
): Promise<StartedWorkflow> {
  const { workflowId } = request;
  const input = { ...request.input, score };
  // Before it is started: its first activity may come at once.
  accepts.addScoring(workflowId, score, input);
  const started = await startOrAttach(client, 'score', {
    workflowId,
    taskQueue: workflowQueue,
    args: [input],
    memo: { run: score },
    ...scoreSummaryOf(request),
  });
  accepts.addScoring(workflowId, started.run, input);
  return started;
}

/** Has workers of this process work for the open scoring of the same, where there is one. */
export async function acceptOpenScore(
  client: Client,
  { workflowId, input }: ScoreRequest,
  accepts: AcceptedRuns,
): Promise<void> {
  try {
    const description = await client.workflow.getHandle(workflowId).describe();
    if (description.status.name === 'RUNNING') accepts.addScoring(workflowId, runOf(description), input);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}
