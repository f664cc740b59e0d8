import { readFileSync } from 'node:fs';
import { openIds, openTrainingTable } from '../../data/prepared-table.js';
import { oofLines } from '../../data/results.js';
import { HeldOutMeans } from '../../metrics/held-out-means.js';
import { predictedRows } from '../../metrics/matrix.js';
import { judgedProbabilities, nestedMixture, type NestedWeights } from '../../metrics/nested.js';
import { learnWeights, type EnsembleMethod } from '../../tasks/ensemble.js';
import { tasks } from '../../tasks/index.js';
import type { TaskName } from '../../tasks/task.js';
import { readFloatFile, writeFloatFile } from './float-file.js';
import { writeLines } from './text-file.js';

export interface AggregateRequest {
  readonly table: string;
  readonly trainIds: string;
  /** Header of the id column. */
  readonly id: string;
  readonly labels: readonly string[];
  readonly task: TaskName;
  /** Of each member, and of each fold of it that was trained: JSON number[], and float32 `[rows, labels]`. */
  readonly members: readonly {
    readonly folds: readonly { readonly rows: string; readonly probabilities: string }[];
  }[];
  /** Where there is more than one member: what they become one by, and what is written of each alone. */
  readonly ensemble?: { readonly method: EnsembleMethod; readonly outputs: readonly OofFiles[] };
  readonly output: OofFiles;
}

interface OofFiles {
  readonly probabilities: string;
  readonly csv: string;
}

/**
 * Joins the predictions of all folds: each row's from the fold that did not train on it. Of an ensemble each
 * row's are mixed by the weights that were learnt without its fold.
 */
export function aggregateFolds(request: AggregateRequest): {
  readonly rowsWithoutOof: number;
  readonly weights?: NestedWeights;
} {
  const { labels, ensemble, output } = request;
  const table = openTrainingTable(request.table);
  const { ids, close } = openIds(request.trainIds);
  try {
    const width = labels.length;
    const { folds, labels: truth } = table;
    const write = (probabilities: Float32Array, files: OofFiles): void => {
      writeFloatFile(files.probabilities, probabilities);
      writeLines(files.csv, oofLines({ id: request.id, ids, folds, labels, truth, probabilities }));
    };
    const withoutOof = (probabilities: Float32Array): number =>
      table.texts.length - predictedRows(probabilities, width).length;
    const members = request.members.map((member) => joined(member.folds, table.texts.length, width));
    if (ensemble === undefined) {
      const [probabilities] = members as [Float32Array];
      write(probabilities, output);
      return { rowsWithoutOof: withoutOof(probabilities) };
    }
    members.forEach((probabilities, place) => write(probabilities, ensemble.outputs[place]!));
    const predictions = { members, truth, folds, width };
    const weights = learnWeights(tasks[request.task], predictions, ensemble.method);
    const judged = judgedProbabilities(nestedMixture(members, weights, width), folds, width);
    write(judged, output);
    return { rowsWithoutOof: withoutOof(judged), weights };
  } finally {
    close();
    table.close();
  }
}

function joined(
  folds: AggregateRequest['members'][number]['folds'],
  rows: number,
  width: number,
): Float32Array {
  const means = new HeldOutMeans(rows, width);
  for (const fold of folds) {
    means.add(JSON.parse(readFileSync(fold.rows, 'utf8')) as number[], readFloatFile(fold.probabilities));
  }
  return means.values();
}
