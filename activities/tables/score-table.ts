import { openTrainingTable } from '../../data/prepared-table.js';
import { unlearnt } from '../../metrics/nested.js';
import type { OutOfFoldScores } from '../../metrics/out-of-fold.js';
import { tasks } from '../../tasks/index.js';
import type { TaskName } from '../../tasks/task.js';
import { readFloatFile } from './float-file.js';

export interface ScoreRequest {
  readonly table: string;
  /** Float32 `[rows, labels]`, out of fold. */
  readonly probabilities: string;
  readonly labels: number;
  readonly task: TaskName;
}

/** Tunes each label's threshold on the out-of-fold predictions and scores them. */
export function scoreTable({ table, probabilities, labels, task }: ScoreRequest): OutOfFoldScores {
  const { labels: truth, folds, close } = openTrainingTable(table);
  close();
  return tasks[task].scoreOutOfFold(unlearnt(readFloatFile(probabilities)), truth, folds, labels);
}
