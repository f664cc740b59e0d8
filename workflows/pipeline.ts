import {
  CancellationScope,
  CancelledFailure,
  isCancellation,
  patched,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import type { PipelineInput, ResolvedRun } from '../activities/contracts.js';
import type { Thresholds } from '../activities/outputs.js';
import { planSteps } from '../pipeline/dag.js';
import { mostEpochs } from '../pipeline/matrix.js';
import { Board } from './board.js';
import { resolveRun } from './calls.js';
import { LiveDetails } from './details.js';
import { runFailure } from './failure.js';
import { Interpreter } from './interpreter.js';
import { requireKey } from './require-key.js';
import { listen } from './listeners.js';
import { RunAttributes } from './search-attributes.js';
import { requireSoleInput } from './sole-input.js';

/** What the workflow `pipeline` returns. */
export interface PipelineSummary {
  readonly run: string;
  readonly pipeline: string;
  /** As the worker that resolved the pipeline sees it. */
  readonly runDirectory: string;
  /** Null for a pipeline without `tuneThresholds`. */
  readonly macroF1: Thresholds['macroF1'] | null;
  readonly skippedFolds: readonly number[];
  /** Of a matrix over more than folds, the cells that were skipped, if any. */
  readonly skippedCells?: readonly string[];
  /** Steps whose outputs all came from earlier runs. */
  readonly reused: readonly string[];
}

/**
 * Reads a pipeline and runs its steps: the workflow type `pipeline`.
 *
 * @param further what nobody may give, and whoever starts workflows by hand can
 */
export async function pipeline(input: PipelineInput, ...further: readonly never[]): Promise<PipelineSummary> {
  let board: Board | undefined;
  let show = (): void => undefined;
  listen(
    () => board,
    () => show(),
  );

  requireSoleInput(further, 'the input of the run');
  requireKey(input, 'the input of the run');
  const resolved = await resolveRun(input).catch((error: unknown) => {
    throw isCancellation(error) ? error : runFailure('', error);
  });
  nameInMemo(resolved.run);
  const attributes = new RunAttributes(resolved.searchAttributes, resolved.pipeline.name);
  const made = (board = new Board(
    resolved.run,
    resolved.pipeline.name,
    planSteps(resolved.pipeline),
    mostEpochs(resolved.pipeline),
    resolved.encrypted === true,
  ));
  const details = new LiveDetails(made);
  show = (): void => {
    details.changed();
    attributes.show(made.state);
  };
  show();

  const interpreter = new Interpreter(resolved, made, show);
  try {
    await interpreter.run();
    made.end('completed');
  } catch (error) {
    // What fails because it was told to end has not failed.
    const cancelled = isCancellation(error) || CancellationScope.current().consideredCancelled;
    made.end(cancelled ? 'cancelled' : 'failed');
    if (cancelled && !isCancellation(error)) throw new CancelledFailure('the run was cancelled');
    throw error;
  } finally {
    show();
    details.show();
  }
  const summary = summarise(resolved, made, interpreter.reused());
  // A search attribute is never encrypted.
  if (resolved.encrypted !== true) attributes.showScore(summary.macroF1?.crossFitted ?? null);
  return summary;
}

/** The run's id, by which commands find it however it was started; `foldwise start` gives it at the start. */
function nameInMemo(run: string): void {
  if (workflowInfo().memo?.['run'] !== run && patched('run-in-memo')) upsertMemo({ run });
}

function summarise({ run, runDirectory }: ResolvedRun, board: Board, reused: string[]): PipelineSummary {
  const skipped = board.all.filter(({ step, state }) => step.output === 'fold' && state === 'skipped');
  const named = skipped.filter(({ cell }) => cell?.member !== '');
  return {
    run,
    pipeline: board.pipeline,
    runDirectory,
    macroF1: board.scores,
    skippedFolds: skipped.flatMap(({ cell }) => (cell?.member === '' ? cell.fold : [])),
    ...(named.length === 0 ? {} : { skippedCells: named.map(({ id }) => id) }),
    reused,
  };
}
