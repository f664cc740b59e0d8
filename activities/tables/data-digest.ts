import { createHash } from 'node:crypto';
import type { TrainingTable } from '../../data/prepared-table.js';
import type { DataDigests } from '../../report/run-result.js';

/**
 * Tells the rows of two runs apart, or that they are the same: whatever their file was called, and however they
 * were dealt out to folds.
 *
 * @param names of the labels
 */
export function digestData(
  { texts, labels }: Pick<TrainingTable, 'texts' | 'labels'>,
  names: readonly string[],
): DataDigests {
  const hash = createHash('sha256');
  for (const list of texts.lists()) {
    // Each with its length: where one ends and the next begins is part of it.
    for (const text of list) hash.update(`${text.length} ${text}\n`);
  }
  const ofTexts = hash.digest('hex');
  const all = createHash('sha256')
    .update(`${ofTexts} ${JSON.stringify(names)}\n`)
    .update(labels);
  return { texts: ofTexts, rows: all.digest('hex') };
}
