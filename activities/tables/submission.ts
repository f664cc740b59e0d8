import { openTestTable } from '../../data/prepared-table.js';
import { submissionLines, type SubmissionRow } from '../../data/results.js';
import { meanProbabilities } from '../../metrics/ensemble.js';
import { decide } from '../../metrics/thresholds.js';
import { FloatFile } from './float-file.js';
import { writeLines } from './text-file.js';

export interface SubmissionRequest {
  readonly test: string;
  /** Of each model: float32 `[rows, labels]`. */
  readonly models: readonly string[];
  /** Header of the id column. */
  readonly id: string;
  readonly labels: readonly string[];
  /** One per label. */
  readonly thresholds: readonly number[];
  readonly output: string;
}

/** Decides the rows to predict by the mean of the models' probabilities. */
export function writeSubmission(request: SubmissionRequest): { rows: number } {
  const table = openTestTable(request.test);
  const models = request.models.map((path) => new FloatFile(path));
  const { labels, thresholds } = request;
  function* decided(): Iterable<SubmissionRow> {
    let first = 0;
    for (const ids of table.ids.lists()) {
      const [start, end] = [first * labels.length, (first + ids.length) * labels.length];
      const mean = meanProbabilities(models.map((model) => model.range(start, end)));
      const predictions = decide(mean, thresholds);
      for (const [row, id] of ids.entries())
        yield { id, predictions: predictions.subarray(row * labels.length, (row + 1) * labels.length) };
      first += ids.length;
    }
  }
  try {
    writeLines(request.output, submissionLines({ id: request.id, labels, rows: decided() }));
    return { rows: table.texts.length };
  } finally {
    for (const model of models) model.close();
    table.close();
  }
}
