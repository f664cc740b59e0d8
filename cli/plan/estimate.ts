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
 * Training steps of `folds` folds over `rows` rows, and their time as in the latest earlier run of the
 * same model, batch size and truncation, one fold after the other.
 */
export function estimateTraining(
  pipeline: Pipeline,
  rows: number,
  folds: number,
  earlier: readonly RunResult[],
): Estimate {
  const optimizerSteps = folds * stepsPerFold(pipeline, rows);
  const like = earlier.findLast((result) => trainsAlike(result, pipeline) && paceOf(result) !== null);
  const pace = like === undefined ? null : paceOf(like);
  return {
    optimizerSteps,
    seconds: pace === null ? null : pace * optimizerSteps,
    judgedBy: like?.run ?? null,
  };
}

/** Optimizer steps of one fold, of an average size. */
function stepsPerFold({ folds, training }: Pipeline, rows: number): number {
  const trained = rows - Math.round(rows / folds.count);
  return training.epochs * Math.ceil(trained / training.batchSize);
}

function trainsAlike({ configuration }: RunResult, { model, training }: Pipeline): boolean {
  return (
    JSON.stringify(configuration.model) === JSON.stringify(model) &&
    configuration.training.batchSize === training.batchSize
  );
}

/** Seconds per optimizer step, the folds' evaluation and export included; null without a fold. */
function paceOf({ configuration, rows, folds }: RunResult): number | null {
  const seconds = folds.reduce((sum, fold: FoldResult) => sum + fold.seconds, 0);
  const steps = folds.length * stepsPerFold(configuration, rows.train);
  return seconds > 0 && steps > 0 ? seconds / steps : null;
}
