import { checked, requireShallow } from '../doors.js';
import {
  compareScoresCallSchema,
  joinScoresCallSchema,
  scoreChunkCallSchema,
  scoreInputSchema,
  type CompareScoresCall,
  type JoinScoresCall,
  type ScoreChunkCall,
  type ScoreInput,
} from './contracts.js';

/** @throws InputFault naming what does not fit; never quoting it */
export function requireScoreInput(input: unknown): ScoreInput {
  const where = 'the input of the workflow score';
  requireShallow(input, where);
  return checked(
    scoreInputSchema,
    input,
    where,
    'It is {"ensemble": <run or folder>, "table": <path>, "score"?: <name>, "options"?: {"thresholds"?: {<label>: <number>}, "probabilities"?: <boolean>, "format"?: <csv, tsv or jsonl>, "precision"?: <float32 or int8>, "columns"?: {"text"?: <column>, "id"?: <column or null>}}}.',
  );
}

export function requireScoreChunk(input: unknown): ScoreChunkCall {
  return checked(scoreChunkCallSchema, input, 'the call of scoreChunk');
}

export function requireCompareScores(input: unknown): CompareScoresCall {
  return checked(compareScoresCallSchema, input, 'the call of compareScores');
}

export function requireJoinScores(input: unknown): JoinScoresCall {
  return checked(joinScoresCallSchema, input, 'the call of joinScores');
}
