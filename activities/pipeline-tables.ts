import { readDataset, type LabelledDataset } from '../data/dataset.js';
import { labelClasses, stratifiedKFold } from '../data/splits/stratified.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { localPathOf } from './roots.js';

/** A pipeline's tables, with the fold (1 … K) of every training row. */
export interface PipelineTables extends LabelledDataset {
  readonly folds: Int32Array;
}

/**
 * Reads a pipeline's tables and deals out the folds.
 *
 * @throws InputFault at the first file that cannot be used, or where the folds cannot be dealt out
 */
export async function readTables({ data, labels, folds }: Pipeline): Promise<PipelineTables> {
  const source = {
    ...data,
    train: localPathOf(data.train, 'data.train'),
    ...(data.test === undefined ? {} : { test: localPathOf(data.test, 'data.test') }),
  };
  const { train, test, warnings } = await readDataset(source, labels);
  const split = stratifiedKFold(labelClasses(train.labels), folds);
  return { train, test, folds: split.folds, warnings: [...warnings, ...split.warnings] };
}
