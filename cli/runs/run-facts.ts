import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RunResult } from '../../report/run-result.js';
import type { PipelineSummary } from '../../workflows/pipeline.js';
import type { RunOutcome } from '../facts/run-outcome.js';
import type { Workdir } from '../workdir.js';
import type { FoundRun } from './find-run.js';
import { readResult } from './results.js';
import { bringRun, withoutModels } from './stored-runs.js';
import type { RunView } from './run-view.js';

/** What the run directory may hold, with what it is for. */
export const runFiles = [
  ['report.html', 'the report, for a browser'],
  ['result.json', 'scores, thresholds and settings'],
  ['texts.csv', 'the texts that the report shows'],
  ['submission.csv', 'the predictions of the test rows'],
  ['predictions.csv', 'the probabilities of the test rows'],
  ['oof.csv', 'the out-of-fold predictions'],
  ['label-issues.csv', 'training rows whose labels are in doubt'],
  ['groups.csv', 'the training rows that were held out together'],
  ['models', 'a model per fold; transformers loads them'],
  ['events.ndjson', 'what happened when'],
] as const;

/** How a run ended or stands, with its `result.json` where this machine has it. */
export interface KnownOutcome {
  readonly outcome: RunOutcome;
  readonly result: RunResult | null;
}

/**
 * What is to be told of a run at its end, from what it returned and from its directory: a pipeline without
 * a report step leaves no `result.json`, and the directory may be on another machine.
 */
export async function outcomeOf(
  { run, handle }: FoundRun,
  view: RunView,
  summary: PipelineSummary | null,
  workdir: Workdir,
): Promise<KnownOutcome> {
  const directory = join(workdir.runs, run);
  const completed = view.progress.state === 'completed';
  if (completed) await bringRun(workdir, run, withoutModels);
  const here = existsSync(directory);
  const result = completed && existsSync(join(directory, 'result.json')) ? await readResult(directory) : null;
  return {
    result,
    outcome: {
      run,
      workflowId: handle.workflowId,
      state: view.progress.state,
      waitingFor: view.progress.waitingFor,
      failure: view.failure,
      seconds: view.elapsedSeconds,
      directory: here ? directory : null,
      files: here ? runFiles.map(([name]) => name).filter((name) => existsSync(join(directory, name))) : [],
      macroF1: scoresOf(result?.macroF1 ?? summary?.macroF1),
      skippedFolds: [...(summary?.skippedFolds ?? [])],
      reused: [...(summary?.reused ?? [])],
      warnings: [...(result?.warnings ?? [])],
    },
  };
}

/** What could not be computed came through JSON as null. */
function scoresOf(scores: RunResult['macroF1'] | null | undefined): RunOutcome['macroF1'] {
  if (scores == null) return null;
  const { atHalf, tuned, crossFitted } = scores;
  const finite = (value: number | null): number | null => (Number.isFinite(value) ? value : null);
  return { atHalf: finite(atHalf), tuned: finite(tuned), crossFitted: finite(crossFitted) };
}
