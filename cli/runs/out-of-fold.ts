import { join } from 'node:path';
import { readTable } from '../../data/csv.js';
import type { Header } from '../../data/header.js';
import { probabilityColumn } from '../../data/results.js';
import type { OutOfFoldTable } from '../../report/report-input.js';

/** The out-of-fold predictions of a run's `oof.csv`; a blank cell is a row that no fold predicted. */
export async function readOutOfFold(directory: string, labels: readonly string[]): Promise<OutOfFoldTable> {
  const truth: number[] = [];
  const probabilities: number[] = [];
  await readTable(join(directory, 'oof.csv'), (header) => {
    const truths = placesOf(header, labels);
    const predicted = placesOf(header, labels.map(probabilityColumn));
    return (cells) => {
      for (const place of truths) truth.push(Number(cells[place]));
      for (const place of predicted) probabilities.push(probability(cells[place]));
    };
  });
  return { labels: Uint8Array.from(truth), probabilities: Float32Array.from(probabilities) };
}

function placesOf(header: Header, names: readonly string[]): number[] {
  const missing = names.filter((name) => header.place(name) === undefined);
  if (missing.length === 0) return names.map((name) => header.place(name)!);
  throw header.fault(
    { missing, asked: names },
    {
      what: 'columns are missing',
      expected: 'the out-of-fold predictions of this run',
      remedy: 'Start the run again: it writes the file anew.',
    },
  );
}

function probability(cell: string | undefined): number {
  return cell === undefined || cell === '' ? Number.NaN : Number(cell);
}
