import type { PipelineSummary } from '../../workflows/pipeline.js';
import type { CommandFailure } from '../failure.js';
import type { Workdir } from '../workdir.js';
import type { FoundRun } from './find-run.js';
import { decryptedAnswer } from './decoded.js';
import { failureOf } from './outcome.js';
import { outcomeOf, type KnownOutcome } from './run-facts.js';
import type { RunView } from './run-view.js';

/** How a run that was followed ended, or where it stands. */
export interface RunEnd extends KnownOutcome {
  /** Null where it completed. */
  readonly failure: CommandFailure | null;
}

/** @param ways what a person can do where the run waits, a line each */
export async function endOf(
  run: FoundRun,
  view: RunView,
  workdir: Workdir,
  ways: readonly string[],
): Promise<RunEnd> {
  const failure = failureOf(view, ways);
  const summary = failure === null ? await pipelineSummaryOf(run) : null;
  return { failure, ...(await outcomeOf(run, view, summary, workdir)) };
}

/** What a completed run returned. */
export async function pipelineSummaryOf({ run, handle }: FoundRun): Promise<PipelineSummary> {
  return decryptedAnswer((await handle.result()) as PipelineSummary, `the result of run ${run}`);
}
