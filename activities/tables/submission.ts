import { openTestTable, type TestTable } from '../../data/prepared-table.js';
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
  const predicted = predictionsOf(ensemble, table);
  try {
    if (output.submission !== undefined)
      writeLines(output.submission, submissionLines({ id, labels, target, rows: predicted.rows() }));
    if (output.predictions !== undefined)
      writeLines(output.predictions, predictionLines({ id, labels, rows: predicted.rows() }));
    return { rows: table.texts.length };
  } finally {
    predicted.close();
    table.close();
  }
}

/** What an ensemble says of the rows of a table, in order and any number of times; open until it is closed. */
export function predictionsOf(
  ensemble: SubmissionRequest['ensemble'],
  table: Pick<TestTable, 'ids'>,
): { readonly rows: () => Iterable<PredictedRow>; readonly close: () => void } {
  const { length: width } = ensemble.labels;
  const models = ensemble.members.flatMap(({ models }) => models).map((path) => new FloatFile(path));
  function* rows(): Iterable<PredictedRow> {
    let first = 0;
    for (const ids of table.ids.lists()) {
      const [start, end] = [first * width, (first + ids.length) * width];
      const scored = models.map((model) => model.range(start, end));
      const { probabilities, decisions } = join(ensemble, scored);
      for (const [row, id] of ids.entries()) {
        const [from, to] = [row * width, (row + 1) * width];
        yield {
          id,
          predictions: decisions.subarray(from, to),
          probabilities: probabilities.subarray(from, to),
        };
      }
      first += ids.length;
    }
  }
  return {
    rows,
    close: () => {
      for (const model of models) model.close();
    },
  };
}
