import { prepareTables, type PreparedTables, type PrepareRequest } from '../data/dataset.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { OpenTable, TableFiles } from './table-files.js';
import { tableUses } from './table-uses.js';

type Data = Pick<Pipeline['data'], 'train' | 'test'>;

/** A pipeline's tables as files of this machine. */
export interface OpenTables {
  readonly train: OpenTable;
  /** Null where it has none. */
  readonly test: OpenTable | null;
}

export async function openTables(tables: TableFiles, { train, test }: Data): Promise<OpenTables> {
  return {
    train: await tables.open(train, tableUses.train),
    test: test === undefined ? null : await tables.open(test, tableUses.test),
  };
}

/** What a pipeline's tables are to be made into. */
export function prepareRequest(
  { task, data, labels, folds }: Pipeline,
  { train, test }: OpenTables,
  output: PrepareRequest['output'],
): PrepareRequest {
  return {
    train,
    test,
    text: data.text,
    id: data.id,
    labels,
    task,
    ...(data.target === undefined ? {} : { target: data.target }),
    folds,
    ...(data.gates === undefined ? {} : { gates: data.gates }),
    output,
  };
}

/**
 * Reads a pipeline's tables and deals out the folds, and keeps nothing of it.
 *
 * @throws InputFault at the first file that cannot be used, or where the folds cannot be dealt out
 */
export async function checkTables(pipeline: Pipeline, tables: TableFiles): Promise<PreparedTables> {
  return prepareTables(prepareRequest(pipeline, await openTables(tables, pipeline.data), null));
}
