import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type {
  DriftFacts,
  JoinedScores,
  PlannedScore,
  ScoreActivities,
  ScoredChunk,
  ScoreInput,
} from '../activities/scoring/contracts.js';
import { scoreQueue } from '../pipeline/task-queues.js';
import { patient } from './patience.js';

const around = proxyActivities<ScoreActivities>(patient);

export function planScore(input: ScoreInput): Promise<PlannedScore> {
  return around.planScore.executeWithOptions(
    { activityId: 'plan', summary: 'read the table and cut it into chunks' },
    [input],
  );
}

/** @param place from 0 */
export function scoreChunk({ score, plan, chunks }: PlannedScore, place: number): Promise<ScoredChunk> {
  return around.scoreChunk.executeWithOptions(
    {
      activityId: `chunk-${place + 1}`,
      summary: `chunk ${place + 1} of ${chunks}`,
      // Of a large model over many rows.
      startToCloseTimeout: '24h',
      taskQueue: scoreQueue(workflowInfo().taskQueue),
    },
    [{ score, plan, chunk: place }],
  );
}

export function compareScores(
  { score, plan }: PlannedScore,
  chunks: readonly ScoredChunk[],
): Promise<DriftFacts> {
  const sketches = chunks.map(({ sketch }) => sketch);
  return around.compareScores.executeWithOptions(
    { activityId: 'drift', summary: 'compare with the training rows' },
    [{ score, plan, sketches }],
  );
}

export function joinScores(
  { score, plan }: PlannedScore,
  chunks: readonly ScoredChunk[],
  drift: DriftFacts,
): Promise<JoinedScores> {
  return around.joinScores.executeWithOptions(
    { activityId: 'join', summary: 'write the scores and the result' },
    [{ score, plan, chunks, drift }],
  );
}
