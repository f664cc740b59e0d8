import { join } from 'node:path';
import { memberOofFile, modelFolder } from '../../activities/records.js';
import type { EnsembleDefinition, EnsembleModel } from '../../ensemble/definition.js';
import { join as joinScores, type Joining } from '../../ensemble/joined.js';
import type { ExportedPrecision } from '../../engine/inference/precision.js';
import { TextScorer } from '../../engine/inference/text-scorer.js';
import { InputFault } from '../../errors/fault.js';
import { macroF1 } from '../../metrics/f1.js';
import { HeldOutMeans } from '../../metrics/held-out-means.js';
import { keepRows, predictedRows, selectRows } from '../../metrics/matrix.js';
import { idColumn } from '../../pipeline/pipeline.js';
import type { RunResult } from '../../report/run-result.js';
import { readOofFile } from '../runs/oof-file.js';
import type { TableFiles } from '../../activities/table-files.js';
import { withTrainingRows, type TrainingRows } from './training-rows.js';

export interface MeasureRequest {
  /** The run's. */
  readonly directory: string;
  readonly result: RunResult;
  readonly definition: EnsembleDefinition;
  /** Where the run's training table is read. */
  readonly tables: TableFiles;
  readonly precision: Exclude<ExportedPrecision, 'float32'>;
  readonly threads: number;
  readonly onProgress: (text: string) => void;
}

/** Macro F1 of the same held-out rows, by the same thresholds. */
export interface MeasuredScores {
  readonly float32: number;
  readonly lower: number;
}

/** What a lower precision changes. */
export interface Measured {
  /** Of the whole ensemble. */
  readonly macroF1: MeasuredScores;
  /** Rows that some fold predicted. */
  readonly rows: number;
  /** Mean and largest change of a probability. */
  readonly change: { readonly mean: number; readonly largest: number };
  /** Each model alone, on the rows of its fold, in the order of `modelsOf`. */
  readonly models: readonly MeasuredScores[];
}

/** What a model said of the rows that its fold held out, in the lower precision. */
interface HeldOut {
  readonly rows: Int32Array;
  readonly probabilities: Float32Array;
}

/**
 * Has every model in a lower precision score the rows that its fold held out, joins and decides that as the run does,
 * and compares it with what the run said of the same rows in float32.
 *
 * @throws InputFault where the run's training rows cannot be had any more
 */
export async function measurePrecision(request: MeasureRequest): Promise<Measured> {
  const { directory, result, definition, tables } = request;
  const cells = new Map(
    result.folds.map(({ member = '', fold }) => [
      join(directory, modelFolder({ member, fold })),
      { member, fold },
    ]),
  );
  return withTrainingRows(result, tables, async (rows) => {
    const all = { float32: [] as Float32Array[], lower: [] as Float32Array[] };
    const models: MeasuredScores[] = [];
    const width = definition.labels.length;
    for (const member of definition.members) {
      const [first] = member.models;
      const name = cells.get(first?.folder ?? '')?.member ?? '';
      const float32 = await outOfFold(request, name, rows);
      const means = new HeldOutMeans(rows.folds.length, width);
      for (const model of member.models) {
        const held = await heldOut(model, rows.heldOutBy(cells.get(model.folder)!.fold), rows, request);
        means.add([...held.rows], held.probabilities);
        const truth = selectRows(rows.labels, width, held.rows);
        models.push({
          float32: scoreOf([selectRows(float32, width, held.rows)], truth, alone(definition)),
          lower: scoreOf([held.probabilities], truth, alone(definition)),
        });
        request.onProgress(`${request.precision} of model ${models.length} of ${cells.size} is measured`);
      }
      all.float32.push(float32);
      all.lower.push(means.values());
    }
    const predicted = predictedRows(sumOf([...all.float32, ...all.lower]), width);
    const kept = (matrices: readonly Float32Array[]): Float32Array[] =>
      matrices.map((matrix) => keepRows(matrix, width, predicted));
    const [float32, lower] = [kept(all.float32), kept(all.lower)];
    const truth = keepRows(rows.labels, width, predicted);
    const joining = ofMembers(definition);
    return {
      macroF1: { float32: scoreOf(float32, truth, joining), lower: scoreOf(lower, truth, joining) },
      rows: predicted.length,
      change: changeOf(joinScores(joining, float32).probabilities, joinScores(joining, lower).probabilities),
      models,
    };
  });
}

/** What the run itself said of the rows, in their order. */
async function outOfFold(
  { directory, result }: MeasureRequest,
  member: string,
  { folds }: TrainingRows,
): Promise<Float32Array> {
  const path = join(directory, member === '' ? 'oof.csv' : memberOofFile(member));
  const table = await readOofFile(path, result.labels, idColumn(result.configuration.data));
  if (table.folds.length === folds.length && table.folds.every((fold, row) => fold === folds[row]))
    return table.probabilities;
  throw new InputFault({
    where: path,
    what: 'it does not have the folds that the rows are dealt out to',
    remedy: 'Start the run again: it writes the file anew.',
  });
}

async function heldOut(
  { folder, maxLength }: EnsembleModel,
  isHeldOut: (row: number) => boolean,
  { texts }: TrainingRows,
  { threads, precision }: MeasureRequest,
): Promise<HeldOut> {
  const rows: number[] = [];
  const held: string[] = [];
  let row = 0;
  for (const list of texts.lists()) {
    for (const text of list) {
      if (isHeldOut(row)) {
        rows.push(row);
        held.push(text);
      }
      row++;
    }
  }
  const scorer = await TextScorer.open(folder, { maxLength, threads, precision });
  try {
    return { rows: Int32Array.from(rows), probabilities: await scorer.score(held) };
  } finally {
    scorer.release();
  }
}

/** Each member's models are one here: of a row its own fold's. */
function ofMembers(definition: EnsembleDefinition): Joining {
  return { ...definition, members: definition.members.map(({ weight }) => ({ weight, models: [0] })) };
}

function alone(definition: EnsembleDefinition): Joining {
  return { ...definition, members: [{ weight: 1, models: [0] }] };
}

function scoreOf(matrices: readonly Float32Array[], truth: Uint8Array, joining: Joining): number {
  return macroF1(truth, joinScores(joining, matrices).decisions, joining.labels.length);
}

/** NaN where one of them is. */
function sumOf(matrices: readonly Float32Array[]): Float32Array {
  const [first] = matrices as [Float32Array];
  return first.map((_, at) => matrices.reduce((sum, matrix) => sum + matrix[at]!, 0));
}

function changeOf(before: Float32Array, after: Float32Array): Measured['change'] {
  const changes = before.map((value, at) => Math.abs(value - after[at]!));
  const largest = changes.reduce((most, change) => Math.max(most, change), 0);
  return {
    mean: changes.length === 0 ? 0 : changes.reduce((sum, change) => sum + change, 0) / changes.length,
    largest,
  };
}
