import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openTables, prepareRequest } from '../../activities/pipeline-tables.js';
import type { TableFiles } from '../../activities/table-files.js';
import { digestData } from '../../activities/tables/data-digest.js';
import { prepareTables } from '../../data/dataset.js';
import { heldOutBy, openTrainingTable, type TrainingTable } from '../../data/prepared-table.js';
import { InputFault } from '../../errors/fault.js';
import { placeOfFold } from '../../pipeline/folds.js';
import type { RunResult } from '../../report/run-result.js';

/** The rows that a run was trained on, with their splits. */
export interface TrainingRows extends Pick<TrainingTable, 'texts' | 'labels' | 'folds'> {
  /** Whether a row was held out by a fold; folds are numbered through all repeats. */
  heldOutBy(fold: number): (row: number) => boolean;
}

/**
 * Prepares a run's training rows again, from the file of its pipeline, for as long as `work` takes.
 *
 * @throws InputFault where the file is gone or another one by now
 */
export async function withTrainingRows<T>(
  { configuration, data, labels }: Pick<RunResult, 'configuration' | 'data' | 'labels'>,
  tables: TableFiles,
  work: (rows: TrainingRows) => Promise<T>,
): Promise<T> {
  // Neither the rows to predict nor what was asked of the rows says which rows these were.
  const { test, gates, ...columns } = configuration.data;
  const folder = await mkdtemp(join(tmpdir(), 'foldwise-rows-'));
  try {
    const output = Object.fromEntries(
      (['table', 'trainIds', 'test', 'groups', 'repeats'] as const).map((name) => [name, join(folder, name)]),
    ) as Record<'table' | 'trainIds' | 'test' | 'groups' | 'repeats', string>;
    const files = await openTables(tables, columns);
    await prepareTables(prepareRequest({ ...configuration, data: columns }, files, output));
    const table = openTrainingTable(output.table);
    try {
      if (data === undefined || digestData(table, labels).rows !== data.rows) throw otherRows(columns.train);
      return await work({
        ...table,
        heldOutBy: (number) => {
          const { repeat, fold } = placeOfFold(number, configuration.folds);
          if (repeat === 1) return heldOutBy(table, { fold });
          const repeated = { splits: output.repeats, repeat, fold };
          return heldOutBy(table, { fold: number, repeated });
        },
      });
    } finally {
      table.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function otherRows(where: string): InputFault {
  return new InputFault({
    where,
    what: 'these are not the rows that the run was trained on',
    expected: 'texts and labels of the digest in its result.json',
  });
}
