import { processor } from '../../engine/device/device.js';
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
 * Training steps of cells over `rows` rows, and their time as in the latest earlier run of the same model and table
 * whose steps are as much work, one after the other.
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

/** What neither a step nor a judgement of the held-out rows takes longer for. */
const asMuchWork: ReadonlySet<string> = new Set<keyof Pipeline['training']>([
  'epochs',
  'learningRate',
  'weightDecay',
  'warmupRatio',
  'maxGradNorm',
  'seed',
  'bestBy',
  'layerDecay',
  'reinitLayers',
  'patience',
  'schedule',
  'schedulePower',
  'labelSmoothing',
  'classWeights',
  'focalGamma',
  'asymmetric',
  'retrySeeds',
]);

/** Texts of another table are of other lengths. */
function workOf({ model, data, training }: Pipeline): string {
  const settings = Object.entries(training).filter(([name]) => !asMuchWork.has(name));
  return JSON.stringify([model, data.train, settings]);
}

/**
 * Seconds per optimizer step of a run's members that train alike on the processor, evaluation and export included; null
 * where it trained none.
 */
function paceOf({ configuration, rows, folds }: RunResult, pipeline: Pipeline): number | null {
  const work = workOf(pipeline);
  const alike = new Map(
    membersOf(configuration)
      .filter((member) => workOf(member.pipeline) === work)
      .map((member) => [member.id, stepsPerFold(member.pipeline, rows.train)]),
  );
  const trained = folds.filter(({ member = '', device }) => alike.has(member) && device === processor);
  const seconds = trained.reduce((sum, fold: FoldResult) => sum + fold.seconds, 0);
  const steps = trained.reduce((sum, { member = '' }) => sum + (alike.get(member) ?? 0), 0);
  return seconds > 0 && steps > 0 ? seconds / steps : null;
}
