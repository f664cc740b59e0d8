import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { change, duration } from '../../report/notation.js';
import type { ServerLink } from '../connection.js';
import { readResult } from '../runs/results.js';
import type { RunView } from '../runs/run-view.js';
import type { StartedRun } from '../runs/start-run.js';
import type { Workdir } from '../workdir.js';
import type { Console } from './console.js';
import { padEnd } from './layout.js';
import { paint, wantsColor } from './paint.js';
import { scoreTable } from './score-table.js';

/** What the run directory holds, with what it is for. */
const files = [
  ['report.html', 'the report, for a browser'],
  ['result.json', 'scores, thresholds and settings'],
  ['submission.csv', 'the predictions of the test rows'],
  ['oof.csv', 'the out-of-fold predictions'],
  ['models', 'a model per fold; transformers loads them'],
] as const;

/** The end of a completed run: the scores, where the files are, how to see its history. */
export async function printOutcome(
  console: Console,
  { run }: StartedRun,
  view: RunView | null,
  { workdir, host }: { readonly workdir: Workdir; readonly host: Pick<ServerLink, 'address' | 'uiUrl'> },
): Promise<void> {
  const ink = paint(wantsColor(process.stdout));
  const directory = join(workdir.runs, run);
  const result = await readResult(directory);
  const { skippedFolds, rowsWithoutOof } = result;
  console.print('');
  for (const line of scoreTable(result, ink)) console.print(line);
  if (skippedFolds.length > 0) {
    const rows = `${rowsWithoutOof} rows without an out-of-fold prediction are left out`;
    console.print(ink.yellow(`Folds skipped: ${skippedFolds.join(', ')}; ${rows}.`));
  }
  for (const warning of result.warnings) console.print(ink.yellow(`warning: ${warning}`));
  console.print(
    ink.dim('The cross-fitted score is the honest one: thresholds tuned on other rows than they judge.'),
  );
  if (result.previous) {
    const { run: before, change: by } = result.previous;
    console.print(`Since ${before}: ${change(by.crossFitted)} cross-fitted, ${change(by.atHalf)} at 0.5.`);
  }
  if (result.reused?.length) console.print(ink.dim(`Reused from earlier runs: ${result.reused.join(', ')}.`));
  console.print('');
  const time = view === null ? '' : ` in ${duration(view.elapsedSeconds)}`;
  console.print(`Completed${time}. In ${ink.bold(relative(process.cwd(), directory))}:`);
  const there = files.filter(([name]) => existsSync(join(directory, name)));
  for (const line of there.map(([name, purpose]) => `  ${padEnd(name, 16)}${ink.dim(purpose)}`))
    console.print(line);
  const place = workdir.path === process.cwd() ? '' : ` --workdir ${relative(process.cwd(), workdir.path)}`;
  const history = host.uiUrl === null ? `that of ${host.address}` : `foldwise dev${place}`;
  console.print(`Its history in Temporal's Web UI: ${history}`);
}
