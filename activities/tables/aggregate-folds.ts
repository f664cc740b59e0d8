import { readFileSync } from 'node:fs';
import { openIds, openTrainingTable } from '../../data/prepared-table.js';
import { oofLines } from '../../data/results.js';
import { predictedRows } from '../../metrics/matrix.js';
import { readFloatFile, writeFloatFile } from './float-file.js';
import { writeLines } from './text-file.js';

export interface AggregateRequest {
  readonly table: string;
  readonly trainIds: string;
  /** Header of the id column. */
  readonly id: string;
  readonly labels: readonly string[];
  /** Of each fold that was trained: JSON number[], and float32 `[rows, labels]`. */
  readonly folds: readonly { readonly rows: string; readonly probabilities: string }[];
  readonly output: { readonly probabilities: string; readonly csv: string };
}

/** Joins the predictions of all folds: each row's from the fold that did not train on it. */
export function aggregateFolds(request: AggregateRequest): { rowsWithoutOof: number } {
  const { labels, output } = request;
  const table = openTrainingTable(request.table);
  const { ids, close } = openIds(request.trainIds);
  try {
    const width = labels.length;
    const probabilities = new Float32Array(table.texts.length * width).fill(NaN);
    for (const fold of request.folds) {
      const rows = JSON.parse(readFileSync(fold.rows, 'utf8')) as number[];
      const predicted = readFloatFile(fold.probabilities);
      rows.forEach((row, place) => {
        probabilities.set(predicted.subarray(place * width, (place + 1) * width), row * width);
      });
    }
    writeFloatFile(output.probabilities, probabilities);
    const { folds, labels: truth } = table;
    writeLines(output.csv, oofLines({ id: request.id, ids, folds, labels, truth, probabilities }));
    return { rowsWithoutOof: table.texts.length - predictedRows(probabilities, width).length };
  } finally {
    close();
    table.close();
  }
}
