import { guarded } from '../failures.js';
import type { Services } from '../services.js';
import { compareScores } from './compare-scores.js';
import type { ScoreActivities } from './contracts.js';
import { requireCompareScores, requireJoinScores, requireScoreChunk, requireScoreInput } from './doors.js';
import { joinScores } from './join-scores.js';
import { planScore } from './plan-score.js';
import { scoreChunk } from './score-chunk.js';

/** The activities of the workflow `score`: each argument is checked before anything is done. */
export function createScoreActivities(
  services: Services,
): Readonly<Record<keyof ScoreActivities, (argument: unknown) => Promise<unknown>>> {
  return {
    planScore: (argument) => guarded(async () => planScore(services)(requireScoreInput(argument))),
    scoreChunk: (argument) => guarded(async () => scoreChunk(services)(requireScoreChunk(argument))),
    compareScores: (argument) => guarded(async () => compareScores(services)(requireCompareScores(argument))),
    joinScores: (argument) => guarded(async () => joinScores(services)(requireJoinScores(argument))),
  };
}
