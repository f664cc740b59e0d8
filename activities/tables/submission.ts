import { openTestTable } from '../../data/prepared-table.js';
import { predictionLines, submissionLines, type PredictedRow } from '../../data/results.js';
import type { Calibrator } from '../../metrics/calibrators.js';
import { meanProbabilities } from '../../metrics/ensemble.js';
import { mixProbabilities } from '../../metrics/mixture.js';
import { tasks } from '../../tasks/index.js';
import type { TaskName } from '../../tasks/task.js';
import { FloatFile } from './float-file.js';
import { writeLines } from './text-file.js';

export interface SubmissionRequest {
  readonly test: string;
  /** Of each member its weight, and of each model of it: float32 `[rows, labels]`. */
  readonly members: readonly { readonly weight: number; readonly models: readonly string[] }[];
  /** Header of the id column. */
  readonly id: string;
  readonly labels: readonly string[];
  readonly task: TaskName;
  /** Header of the column of class names, where the training table has one. */
  readonly target?: string;
  /** One per label. */
  readonly thresholds: readonly number[];
  /** One per label, of the mean of the models; without it that stays what it is. */
  readonly calibrators?: readonly Calibrator[];
  /** The tables that are to be written. */
  readonly output: { readonly submission?: string; readonly predictions?: string };
}

/**
 * Predicts rows by the mean of the models' probabilities, of several members by the weighted sum of their
 * means, calibrated where the run calibrates: the labels decided, and the probabilities themselves.
 */
export function writeSubmission(request: SubmissionRequest): { rows: number } {
  const table = openTestTable(request.test);
  const members = request.members.map(({ models }) => models.map((path) => new FloatFile(path)));
  const weights = request.members.map(({ weight }) => weight);
  const { id, labels, task, target, thresholds, calibrators, output } = request;
  function* predicted(): Iterable<PredictedRow> {
    let first = 0;
    for (const ids of table.ids.lists()) {
      const [start, end] = [first * labels.length, (first + ids.length) * labels.length];
      const means = members.map((models) =>
        meanProbabilities(models.map((model) => model.range(start, end))),
      );
      const [only] = means as [Float32Array];
      const mean = means.length === 1 ? only : mixProbabilities(means, weights, labels.length);
      const mixed =
        calibrators === undefined ? mean : tasks[task].calibration.apply(mean, labels.length, calibrators);
      const predictions = tasks[task].decide(mixed, labels.length, thresholds);
      for (const [row, id] of ids.entries()) {
        const [from, to] = [row * labels.length, (row + 1) * labels.length];
        yield { id, predictions: predictions.subarray(from, to), probabilities: mixed.subarray(from, to) };
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
    for (const model of members.flat()) model.close();
    table.close();
  }
}
