import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { Growing } from '../../data/column-file/growing.js';
import { readTable } from '../../data/csv.js';
import { probabilityColumn } from '../../data/results.js';
import type { TableFile } from '../../data/table-file.js';
import { readTextRows, type TableColumns } from '../../data/text-rows.js';
import type { EnsembleDefinition } from '../../ensemble/definition.js';
import { InputFault } from '../../errors/fault.js';
import { mixProbabilities } from '../../metrics/mixture.js';
import { tasks } from '../../tasks/index.js';
import { ScoreSketcher, type ScoreSketch } from './score-sketch.js';
import { TextSketcher, type TextSketch } from './text-sketch.js';

export interface ReferenceRequest {
  readonly deciding: Pick<EnsembleDefinition, 'task' | 'labels' | 'thresholds' | 'calibrators'>;
  /** Files of out-of-fold predictions, of each member with its weight. */
  readonly members: readonly { readonly weight: number; readonly file: string }[];
  /** The training table, and the digest that its texts had; null where it cannot be read. */
  readonly train: { readonly file: TableFile; readonly columns: TableColumns; readonly texts: string } | null;
  readonly output: string;
}

/** What training rows are like: what the rows that are scored are held against. */
export interface DriftReference {
  /** Null where the training table is not what the run was trained from. */
  readonly texts: TextSketch | null;
  readonly scores: ScoreSketch;
}

/** Writes as JSON what the training rows are like, and what was said of them out of fold. */
export async function writeReference({ deciding, members, train, output }: ReferenceRequest): Promise<null> {
  const reference: DriftReference = {
    texts: train === null ? null : await sketchTexts(train),
    scores: await sketchScores(deciding, members),
  };
  writeFileSync(output, JSON.stringify(reference));
  return null;
}

async function sketchTexts({
  file,
  columns,
  texts,
}: NonNullable<ReferenceRequest['train']>): Promise<TextSketch | null> {
  const sketcher = new TextSketcher();
  const hash = createHash('sha256');
  await readTextRows(file, columns, {
    append: (text) => {
      sketcher.append(text);
      // As `digestData` has it.
      hash.update(`${text.length} ${text}\n`);
    },
  });
  return hash.digest('hex') === texts ? sketcher.sketch() : null;
}

async function sketchScores(
  { task, labels, thresholds, calibrators }: ReferenceRequest['deciding'],
  members: ReferenceRequest['members'],
): Promise<ScoreSketch> {
  const tables: Float32Array[] = [];
  for (const { file } of members) tables.push(await readPredictions(file, labels));
  const width = labels.length;
  const [first = new Float32Array()] = tables;
  if (tables.some(({ length }) => length !== first.length)) throw unfit(members);
  const weights = members.map(({ weight }) => weight);
  const mean = tables.length === 1 ? first : mixProbabilities(tables, weights, width);
  const joined = calibrators === undefined ? mean : tasks[task].calibration.apply(mean, width, calibrators);
  const decisions = tasks[task].decide(joined, width, thresholds);
  const sketcher = new ScoreSketcher(width);
  for (let row = 0; row < joined.length / width; row++) {
    const [start, end] = [row * width, (row + 1) * width];
    const probabilities = joined.subarray(start, end);
    // No fold predicted it.
    if (probabilities.some(Number.isNaN)) continue;
    sketcher.add({ probabilities, predictions: decisions.subarray(start, end) });
  }
  return sketcher.sketch();
}

/** Rows that no fold predicted are NaN. */
async function readPredictions(file: string, labels: readonly string[]): Promise<Float32Array> {
  const found = new Growing((length) => new Float64Array(length));
  await readTable(file, (header) => {
    const places = labels.map((label) => header.place(probabilityColumn(label)) ?? -1);
    if (places.includes(-1))
      throw new InputFault({ where: file, what: 'the out-of-fold predictions have other labels' });
    return (cells) => {
      for (const place of places) found.append(cells[place] === '' ? Number.NaN : Number(cells[place]));
    };
  });
  return Float32Array.from(found.values());
}

function unfit(members: ReferenceRequest['members']): InputFault {
  return new InputFault({
    where: members[0]?.file ?? 'the run',
    what: "the out-of-fold predictions of the ensemble's members do not belong together",
    remedy: 'Start the run again: it writes the files anew.',
  });
}
