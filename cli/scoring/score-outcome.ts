import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { scoreResultSchema, type ScoreResult } from '../../activities/scoring/contracts.js';
import { scoresFile } from '../../activities/scoring/join-scores.js';
import { processor } from '../../engine/device/device.js';
import { count } from '../../report/notation.js';
import { exitCodes } from '../exit-codes.js';
import { scoreOutcomeSchema, type ScoreOutcome } from '../facts/scores.js';
import { CommandFailure } from '../failure.js';
import type { FoundRun } from '../runs/find-run.js';
import { printJson, type Console } from '../terminal/console.js';
import type { Workdir } from '../workdir.js';
import type { ScoreView } from './watch-score.js';

/**
 * Tells how a scoring ended.
 *
 * @throws CommandFailure where it did not complete
 */
export async function tellScoreEnd(
  console: Console,
  { run, handle }: FoundRun,
  view: ScoreView,
  { workdir, json }: { readonly workdir: Workdir; readonly json: boolean },
): Promise<void> {
  const directory = join(workdir.scores, run);
  const result = view.state === 'completed' ? await readScoreResult(directory) : null;
  const outcome: ScoreOutcome = {
    score: run,
    workflowId: handle.workflowId,
    state: view.state,
    failure: view.failure,
    seconds: view.elapsedSeconds,
    directory: existsSync(directory) ? directory : null,
    rows: { ...view.rows },
    chunks: { ...view.chunks },
    devices: result?.devices ?? null,
    drift: view.drift,
    warnings: result === null ? [] : warningsOf(result),
  };
  if (json) printJson(console, scoreOutcomeSchema, outcome);
  else if (view.state === 'completed') tell(console, outcome, result);
  if (view.state === 'completed') return;
  const why = view.failure === null ? '' : `: ${view.failure}`;
  throw view.state === 'cancelled'
    ? new CommandFailure(`the scoring ${run} was cancelled${why}`, exitCodes.runCancelled)
    : new CommandFailure(`the scoring ${run} failed${why}`, exitCodes.runFailed);
}

function tell(console: Console, outcome: ScoreOutcome, result: ScoreResult | null): void {
  const { chunks, rows, directory, warnings } = outcome;
  for (const warning of warnings) console.note(`warning: ${warning}`);
  const reused = chunks.reused === 0 ? '' : `, ${chunks.reused} of ${chunks.all} chunks reused`;
  const target = directory === null ? outcome.score : join(directory, scoresFile);
  console.print(`${target}: ${count(rows.all)} rows${reused}${deviceWords(outcome)}`);
  if (result?.drift.level === 'unknown') console.print(`Drift unknown: ${result.drift.why}`);
  else if (result !== null) console.print(`Drift from the training rows: ${result.drift.level}`);
}

/** Of what the processor scored alone nothing has to be said. */
function deviceWords({ devices }: ScoreOutcome): string {
  const counts = Object.entries(devices ?? {});
  const [only] = counts;
  if (counts.length > 1)
    return `, ${counts.map(([name, chunks]) => `${chunks} chunks on ${name}`).join(' and ')}`;
  return only === undefined || only[0] === processor ? '' : `, on ${only[0]}`;
}

function warningsOf({ warnings, drift }: ScoreResult): string[] {
  return [...warnings, ...(drift.level === 'unknown' ? [] : drift.warnings)];
}

/** Null where this machine has none. */
async function readScoreResult(directory: string): Promise<ScoreResult | null> {
  try {
    const parsed = scoreResultSchema.safeParse(
      JSON.parse(await readFile(join(directory, 'result.json'), 'utf8')),
    );
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
