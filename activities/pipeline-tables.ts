import { prepareTables, type PreparedTables, type PrepareRequest } from '../data/dataset.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { localPathOf } from './roots.js';

/** What a pipeline's tables are to be made into. */
export function prepareRequest(
  { task, data, labels, folds }: Pipeline,
  output: PrepareRequest['output'],
): PrepareRequest {
  return {
    train: localPathOf(data.train, 'data.train'),
    test: data.test === undefined ? null : localPathOf(data.test, 'data.test'),
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
export async function checkTables(pipeline: Pipeline): Promise<PreparedTables> {
  return prepareTables(prepareRequest(pipeline, null));
}
