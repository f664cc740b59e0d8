import { join } from 'node:path';
import { memberOofFile } from '../../activities/records.js';
import { readTable } from '../../data/csv.js';
import type { Header } from '../../data/header.js';
import { probabilityColumn } from '../../data/results.js';
import { InputFault } from '../../errors/fault.js';
import { mixProbabilities } from '../../metrics/mixture.js';
import type { OutOfFoldTable } from '../../report/report-input.js';
import type { RunResult } from '../../report/run-result.js';

/**
 * The out-of-fold predictions of a run as new rows get theirs: of its `oof.csv`, or of its members' files mixed
 * by their weights. A blank cell is a row that no fold predicted.
 */
export async function readOutOfFold(
  directory: string,
  { labels, ensemble }: Pick<RunResult, 'labels' | 'ensemble'>,
): Promise<OutOfFoldTable> {
  if (ensemble === undefined) return readFile(join(directory, 'oof.csv'), labels);
  const weights = Object.entries(ensemble.weights);
  const tables: OutOfFoldTable[] = [];
  for (const [id] of weights) tables.push(await readFile(join(directory, memberOofFile(id)), labels));
  const lengths = new Set(tables.map(({ probabilities }) => probabilities.length));
  if (lengths.size !== 1)
    throw new InputFault({
      where: directory,
      what: "the out-of-fold predictions of the ensemble's members do not belong together",
      found: `${tables.length} tables of ${lengths.size} sizes`,
      remedy: 'Start the run again: it writes the files anew.',
    });
  const probabilities = mixProbabilities(
    tables.map((table) => table.probabilities),
    weights.map(([, weight]) => weight),
    labels.length,
  );
  return { labels: tables[0]!.labels, probabilities };
}

async function readFile(path: string, labels: readonly string[]): Promise<OutOfFoldTable> {
  const truth: number[] = [];
  const probabilities: number[] = [];
  await readTable(path, (header) => {
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
