import { openTrainingTable } from '../../data/prepared-table.js';
import { scoreOutOfFold, type OutOfFoldScores } from '../../metrics/out-of-fold.js';
import { readFloatFile } from './float-file.js';

export interface ScoreRequest {
  readonly table: string;
  /** Float32 `[rows, labels]`, out of fold. */
  readonly probabilities: string;
  readonly labels: number;
}

/** Tunes each label's threshold on the out-of-fold predictions and scores them. */
export function scoreTable({ table, probabilities, labels }: ScoreRequest): OutOfFoldScores {
  const { labels: truth, folds, close } = openTrainingTable(table);
  close();
  return scoreOutOfFold(readFloatFile(probabilities), truth, folds, labels);
}
