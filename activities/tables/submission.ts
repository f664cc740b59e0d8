import { openTestTable, type TestTable } from '../../data/prepared-table.js';
import { predictionLines, submissionLines, type PredictedRow } from '../../data/results.js';
import type { EnsembleDefinition } from '../../ensemble/definition.js';
import { join, type Scored } from '../../ensemble/joined.js';
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

/** What is said of the rows of a table, in order and any number of times; open until it is closed. */
export interface Predictions {
  rows(): Iterable<PredictedRow>;
  /** By one model of each member alone, another one for each row: as rows are predicted out of fold. */
  rowsByOne(): Iterable<PredictedRow>;
  close(): void;
}

export function predictionsOf(
  ensemble: SubmissionRequest['ensemble'],
  table: Pick<TestTable, 'ids'>,
): Predictions {
  const { length: width } = ensemble.labels;
  const models = ensemble.members.flatMap(({ models }) => models).map((path) => new FloatFile(path));
  function* rows(joined: (scored: Float32Array[], first: number) => Scored): Iterable<PredictedRow> {
    let first = 0;
    for (const ids of table.ids.lists()) {
      const [start, end] = [first * width, (first + ids.length) * width];
      const scored = models.map((model) => model.range(start, end));
      const { probabilities, decisions } = joined(scored, first);
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
  const single = { ...ensemble, members: ensemble.members.map(({ weight }) => ({ weight, models: [0] })) };
  return {
    rows: () => rows((scored) => join(ensemble, scored)),
    rowsByOne: () =>
      rows((scored, first) => {
        let next = 0;
        const chosen = ensemble.members.map(({ models: { length } }) => {
          const own = scored.slice(next, (next += length));
          return oneOf(own, first, width);
        });
        return join(single, chosen);
      }),
    close: () => {
      for (const model of models) model.close();
    },
  };
}

/** Of each row what one of the models says. */
function oneOf(models: readonly Float32Array[], first: number, width: number): Float32Array {
  const chosen = new Float32Array(models[0]!.length);
  for (let start = 0; start < chosen.length; start += width) {
    // Not by turns: rows may be in an order that comes back as often.
    const place = Math.imul(first + start / width, 0x9e3779b1) >>> 0;
    const model = models[Math.floor((place / 2 ** 32) * models.length)]!;
    chosen.set(model.subarray(start, start + width), start);
  }
  return chosen;
}
