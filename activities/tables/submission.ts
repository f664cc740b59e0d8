import { openTestTable } from '../../data/prepared-table.js';
import { predictionLines, submissionLines, type PredictedRow } from '../../data/results.js';
import type { EnsembleDefinition } from '../../ensemble/definition.js';
import { join } from '../../ensemble/joined.js';
import { FloatFile } from './float-file.js';
import { writeLines } from './text-file.js';

export interface SubmissionRequest {
  readonly test: string;
  /** Of each member its weight, and of each model of it: float32 `[rows, labels]`. */
  readonly ensemble: Omit<EnsembleDefinition, 'members'> & {
    readonly members: readonly { readonly weight: number; readonly models: readonly string[] }[];
  };
  /** Header of the id column. */
  readonly id: string;
  /** Header of the column of class names, where the training table has one. */
  readonly target?: string;
  /** The tables that are to be written. */
  readonly output: { readonly submission?: string; readonly predictions?: string };
}

/**
 * Predicts rows by the mean of the models' probabilities, of several members by the weighted sum of their
 * means, calibrated where the run calibrates: the labels decided, and the probabilities themselves.
 */
export function writeSubmission(request: SubmissionRequest): { rows: number } {
  const table = openTestTable(request.test);
  const { ensemble, id, target, output } = request;
  const { labels } = ensemble;
  const models = ensemble.members.flatMap(({ models }) => models).map((path) => new FloatFile(path));
  function* predicted(): Iterable<PredictedRow> {
    let first = 0;
    for (const ids of table.ids.lists()) {
      const [start, end] = [first * labels.length, (first + ids.length) * labels.length];
      const scored = models.map((model) => model.range(start, end));
      const { probabilities, decisions } = join(ensemble, scored);
      for (const [row, id] of ids.entries()) {
        const [from, to] = [row * labels.length, (row + 1) * labels.length];
        yield {
          id,
          predictions: decisions.subarray(from, to),
          probabilities: probabilities.subarray(from, to),
        };
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
