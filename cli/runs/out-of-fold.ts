import { join } from 'node:path';
import { cells } from '../../data/columns.js';
import { readTable } from '../../data/csv.js';
import type { OutOfFoldTable } from '../../report/report-input.js';

/** The out-of-fold predictions of a run's `oof.csv`; a blank cell is a row that no fold predicted. */
export async function readOutOfFold(directory: string, labels: readonly string[]): Promise<OutOfFoldTable> {
  const table = await readTable(join(directory, 'oof.csv'));
  const truths = labels.map((label) => cells(table, label));
  const predicted = labels.map((label) => cells(table, `p_${label}`));
  const rows = Array.from(table.lines.keys());
  return {
    labels: rows.map((row) => truths.map((column) => Number(column[row]))),
    probabilities: Float32Array.from(
      rows.flatMap((row) => predicted.map((column) => probability(column[row]))),
    ),
  };
}

function probability(cell: string | undefined): number {
  return cell === undefined || cell === '' ? Number.NaN : Number(cell);
}
