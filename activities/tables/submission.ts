import { openTestTable } from '../../data/prepared-table.js';
import { predictionLines, submissionLines, type PredictedRow } from '../../data/results.js';
import { meanProbabilities } from '../../metrics/ensemble.js';
import { tasks } from '../../tasks/index.js';
import type { TaskName } from '../../tasks/task.js';
import { FloatFile } from './float-file.js';
import { writeLines } from './text-file.js';

export interface SubmissionRequest {
  readonly test: string;
  /** Of each model: float32 `[rows, labels]`. */
  readonly models: readonly string[];
  /** Header of the id column. */
  readonly id: string;
  readonly labels: readonly string[];
  readonly task: TaskName;
  /** Header of the column of class names, where the training table has one. */
  readonly target?: string;
  /** One per label. */
  readonly thresholds: readonly number[];
  /** The tables that are to be written. */
  readonly output: { readonly submission?: string; readonly predictions?: string };
}

/** Predicts rows by the mean of the models' probabilities: the labels decided, and the means themselves. */
export function writeSubmission(request: SubmissionRequest): { rows: number } {
  const table = openTestTable(request.test);
  const models = request.models.map((path) => new FloatFile(path));
  const { id, labels, task, target, thresholds, output } = request;
  function* predicted(): Iterable<PredictedRow> {
    let first = 0;
    for (const ids of table.ids.lists()) {
      const [start, end] = [first * labels.length, (first + ids.length) * labels.length];
      const mean = meanProbabilities(models.map((model) => model.range(start, end)));
      const predictions = tasks[task].decide(mean, labels.length, thresholds);
      for (const [row, id] of ids.entries()) {
        const [from, to] = [row * labels.length, (row + 1) * labels.length];
        yield { id, predictions: predictions.subarray(from, to), probabilities: mean.subarray(from, to) };
      }
      first += ids.length;
    }
  }
  try {
    if (output.submission !== undefined)
      writeLines(output.submission, submissionLines({ id, labels, target, rows: predicted() }));
    if (output.predictions !== undefined)
      writeLines(output.predictions, predictionLines({ id, labels, rows: predicted() }));
    return { rows: table.texts.length };
  } finally {
    for (const model of models) model.close();
    table.close();
  }
}
