import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { AcceptedRuns } from '../../activities/admission.js';
import { runOf, type FoundRun } from '../runs/find-run.js';
import { mainQueue } from '../runs/start-run.js';
import { scoreSummaryOf, type ScoreRequest } from './score-request.js';

export interface StartedScore extends FoundRun {
  /** True where an open scoring of the same was there already. */
  readonly attached: boolean;
}

/** Starts a scoring, or attaches to the open one of the same table by the same ensemble and options. */
export async function startScore(
  client: Client,
  request: ScoreRequest,
  score: string,
  accepts: AcceptedRuns,
): Promise<StartedScore> {
  const { workflowId } = request;
  const input = { ...request.input, score };
  // Before it is started: its first activity may come at once.
  accepts.addScoring(workflowId, score, input);
  const handle = await client.workflow.start('score', {
    workflowId,
    workflowIdConflictPolicy: 'USE_EXISTING',
    taskQueue: mainQueue,
    args: [input],
    memo: { run: score },
    ...scoreSummaryOf(request),
  });
  const actual = runOf(await handle.describe());
  accepts.addScoring(workflowId, actual, input);
  return { handle, run: actual, attached: actual !== score };
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
