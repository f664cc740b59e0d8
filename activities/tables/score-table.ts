import { openTrainingTable, readGroups } from '../../data/prepared-table.js';
import { integers } from '../../engine/kernels/philox.js';
import { drawingGroups } from '../../metrics/bootstrap.js';
import { nestedMixture, unlearnt, type NestedWeights } from '../../metrics/nested.js';
import type { OutOfFoldScores } from '../../metrics/out-of-fold.js';
import { ensembleGains, type EnsembleGains, type EnsembleMethod } from '../../tasks/ensemble.js';
import { taskWith, type Deciding } from '../../tasks/index.js';
import type { TaskName } from '../../tasks/task.js';
import { readFloatFile } from './float-file.js';

export interface ScoreRequest {
  readonly table: string;
  /** The file of the rows' groups, where rows are held out by groups: intervals are then of other groups. */
  readonly groups?: string;
  /** Of each member: float32 `[rows, labels]`, out of fold. */
  readonly members: readonly string[];
  readonly labels: number;
  readonly task: TaskName;
  readonly deciding: Deciding;
  /** Where the pipeline has more than one member. */
  readonly ensemble?: { readonly method: EnsembleMethod; readonly weights: NestedWeights };
}

export interface TableScores extends OutOfFoldScores {
  /** What each member of an ensemble reaches alone, and what the ensemble gains. */
  readonly ensemble?: {
    readonly members: readonly OutOfFoldScores['macroF1'][];
    readonly gain: EnsembleGains;
  };
}

/** Tunes the decisions on the out-of-fold predictions and scores them. */
export function scoreTable(request: ScoreRequest): TableScores {
  const { table, groups, members, labels, task: name, deciding, ensemble } = request;
  const { labels: truth, folds, close } = openTrainingTable(table);
  close();
  const task = taskWith(name, deciding);
  const matrices = members.map(readFloatFile);
  const draw = groups === undefined ? drawRows : drawingGroups(drawRows, readGroups(groups));
  if (ensemble === undefined) return task.scoreOutOfFold(unlearnt(matrices[0]!), truth, folds, labels, draw);
  const { method, weights } = ensemble;
  const predictions = { members: matrices, truth, folds, width: labels };
  const mixed = nestedMixture(matrices, weights, labels);
  const scores = task.scoreOutOfFold(mixed, truth, folds, labels, draw);
  return {
    ...scores,
    ensemble: {
      members: matrices.map((each) => task.scoreOutOfFold(unlearnt(each), truth, folds, labels).macroF1),
      gain: ensembleGains(task, predictions, method, weights, draw),
    },
  };
}

/** Word 1 of Philox's key, so that these draws are no fold's. */
const stream = 0x6761696e;

/** The same rows for the same number of them, so that a score is the same whenever it is computed. */
export function drawRows(resample: number, rows: number): Uint32Array {
  return integers(rows, rows, [0, stream], [resample, 0, 0]);
}
