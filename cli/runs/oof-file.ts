import { Growing, GrowingBytes } from '../../data/column-file/growing.js';
import { readTable } from '../../data/csv.js';
import type { Header } from '../../data/header.js';
import { foldColumn, probabilityColumn } from '../../data/results.js';
import type { OutOfFoldTable } from '../../report/report-input.js';

/** What `oof.csv`, or a member's, has of every training row, in their order. */
export interface OofFile extends OutOfFoldTable {
  readonly ids: readonly string[];
  /** The fold that held each row out. */
  readonly folds: Int32Array;
}

/**
 * Reads out-of-fold predictions. A blank cell is a row that no fold predicted.
 *
 * @param id header of the id column
 * @throws TableFault for a file that is none
 */
export async function readOofFile(path: string, labels: readonly string[], id: string): Promise<OofFile> {
  const truth = new GrowingBytes();
  const folds = new Growing((length) => new Uint32Array(length));
  const probabilities = new Growing((length) => new Float64Array(length));
  const ids: string[] = [];
  await readTable(path, (header) => {
    const [idPlace, foldPlace] = placesOf(header, [id, foldColumn]);
    const truths = placesOf(header, labels);
    const predicted = placesOf(header, labels.map(probabilityColumn));
    return (cells) => {
      ids.push(cells[idPlace!]!);
      folds.append(Number(cells[foldPlace!]));
      for (const place of truths) truth.append(Number(cells[place] === '1'));
      for (const place of predicted) probabilities.append(probability(cells[place]));
    };
  });
  return {
    ids,
    folds: Int32Array.from(folds.values()),
    labels: truth.bytes().slice(),
    probabilities: Float32Array.from(probabilities.values()),
  };
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
