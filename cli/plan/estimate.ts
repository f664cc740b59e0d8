import type { Cell } from '../../pipeline/matrix.js';
import { membersOf } from '../../pipeline/members.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import type { FoldResult, RunResult } from '../../report/run-result.js';

/** What training will cost. */
export interface Estimate {
  /** Optimizer steps of the folds that have to be trained. */
  readonly optimizerSteps: number;
  /** Null where no earlier run tells how long a step takes. */
  readonly seconds: number | null;
  /** The earlier run that it is judged by. */
  readonly judgedBy: string | null;
}

/**
 * Training steps of cells over `rows` rows, and their time as in the latest earlier run of the same model,
 * batch size and truncation, one after the other.
 */
export function estimateTraining(
  pipeline: Pipeline,
  rows: number,
  cells: readonly Cell[],
  earlier: readonly RunResult[],
): Estimate {
  const parts = membersOf(pipeline).flatMap(({ id, pipeline: member }) => {
    const count = cells.filter((cell) => cell.member === id).length;
    if (count === 0) return [];
    const like = earlier.findLast((result) => paceOf(result, member) !== null);
    const pace = like === undefined ? null : paceOf(like, member);
    return [{ optimizerSteps: count * stepsPerFold(member, rows), pace, run: like?.run ?? null }];
  });
  const seconds = parts.reduce<number | null>(
    (sum, { optimizerSteps, pace }) => (sum === null || pace === null ? null : sum + pace * optimizerSteps),
    0,
  );
  return {
    optimizerSteps: parts.reduce((sum, { optimizerSteps }) => sum + optimizerSteps, 0),
    seconds,
    judgedBy: seconds === null ? null : (parts.at(-1)?.run ?? null),
  };
}

/** Optimizer steps of one fold, of an average size. */
function stepsPerFold({ folds, training }: Pipeline, rows: number): number {
  const trained = rows - Math.round(rows / folds.count);
  return training.epochs * Math.ceil(trained / (training.batchSize * training.accumulate));
}

function trainsAlike({ model, training }: Pipeline, other: Pipeline): boolean {
  return (
    JSON.stringify(model) === JSON.stringify(other.model) &&
    training.batchSize === other.training.batchSize &&
    training.accumulate === other.training.accumulate
  );
}

/**
 * Seconds per optimizer step of a run's members that train alike, evaluation and export included; null
 * where it trained none.
 */
function paceOf({ configuration, rows, folds }: RunResult, pipeline: Pipeline): number | null {
  const alike = new Map(
    membersOf(configuration)
      .filter((member) => trainsAlike(member.pipeline, pipeline))
      .map((member) => [member.id, stepsPerFold(member.pipeline, rows.train)]),
  );
  const trained = folds.filter(({ member = '' }) => alike.has(member));
  const seconds = trained.reduce((sum, fold: FoldResult) => sum + fold.seconds, 0);
  const steps = trained.reduce((sum, { member = '' }) => sum + (alike.get(member) ?? 0), 0);
  return seconds > 0 && steps > 0 ? seconds / steps : null;
}
