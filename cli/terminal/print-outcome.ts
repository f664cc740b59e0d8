import { relative } from 'node:path';
import { calibrationWords } from '../../report/decision-words.js';
import { gainWords, memberNotices } from '../../report/member-words.js';
import { change, duration, score } from '../../report/notation.js';
import type { RunResult } from '../../report/run-result.js';
import { headlineWords, unshownWords } from '../../report/skill-words.js';
import { tasks } from '../../tasks/index.js';
import { runFiles, type KnownOutcome } from '../runs/run-facts.js';
import type { Console } from './console.js';
import { oneLine, padEnd } from './layout.js';
import { paint, wantsColor, type Paint } from './paint.js';
import { memberTable, objectiveTable, scoreTable } from './score-table.js';
import { warningLines } from './warnings.js';

/** The end of a completed run: the scores, where the files are, how to see its history. */
export function printOutcome(console: Console, known: KnownOutcome, history: string): void {
  const ink = paint(wantsColor(process.stdout));
  const { outcome, result } = known;
  const scores = result === null ? macroLine(known) : scoreLines(result, ink);
  const lines = [
    ...scores,
    ...warningLines(outcome.warnings).map(ink.yellow),
    ...comparisonLines(known, ink),
  ];
  for (const line of [...(lines.length === 0 ? [] : ['']), ...lines, '', ...placeLines(known, ink)])
    console.print(line);
  console.print(`Its history in Temporal's Web UI: ${history}`);
}

function scoreLines(result: RunResult, ink: Paint): string[] {
  const { skippedFolds, rowsWithoutOof, configuration } = result;
  const left = `${rowsWithoutOof} rows without an out-of-fold prediction are left out`;
  return [
    ...scoreTable(result, ink),
    ...skillLines(result, ink),
    ...objectiveLines(result, ink),
    ...calibrationLines(result),
    ...memberLines(result, ink),
    ...(skippedFolds.length === 0 ? [] : [ink.yellow(`Folds skipped: ${skippedFolds.join(', ')}; ${left}.`)]),
    ink.dim(
      `The cross-fitted score is the honest one: ${tasks[configuration.task].words.tuned}s tuned on other rows than they judge.`,
    ),
  ];
}

/** What the headline is worth, and which labels are worth nothing. */
function skillLines(result: RunResult, ink: Paint): string[] {
  const [headline, unshown] = [headlineWords(result), unshownWords(result)];
  return [
    ...(headline === null ? [] : [headline]),
    ...(unshown === null ? [] : [ink.yellow(oneLine(unshown))]),
  ];
}

function calibrationLines(result: RunResult): string[] {
  const words = calibrationWords(result);
  return words === null ? [] : [words];
}

function objectiveLines(result: RunResult, ink: Paint): string[] {
  const table = objectiveTable(result, ink);
  return table.length === 0
    ? []
    : ['', 'The thresholds were tuned for something else than F1:', ...table, ''];
}

function memberLines(result: RunResult, ink: Paint): string[] {
  const table = memberTable(result, ink);
  const gain = gainWords(result);
  return [
    ...(table.length === 0 ? [] : ['', ...table]),
    ...(gain === null ? [] : [gain]),
    ...memberNotices(result).map((notice) => ink.yellow(oneLine(notice))),
  ];
}

/** Of a run without a report the workflow itself returns the macro scores, if it has any. */
function macroLine({ outcome: { macroF1 } }: KnownOutcome): string[] {
  if (macroF1 === null) return [];
  const { crossFitted, tuned, atHalf } = macroF1;
  return [`Macro F1: ${score(crossFitted)} cross-fitted, ${score(tuned)} tuned, ${score(atHalf)} at 0.5.`];
}

function comparisonLines({ outcome, result }: KnownOutcome, ink: Paint): string[] {
  const previous = result?.previous;
  const moved =
    previous == null
      ? []
      : [
          `Since ${oneLine(previous.run)}: ${change(previous.change.crossFitted)} cross-fitted, ${change(previous.change.atHalf)} at 0.5.`,
        ];
  const reused =
    outcome.reused.length === 0 ? [] : [ink.dim(`Reused from earlier runs: ${outcome.reused.join(', ')}.`)];
  return [...moved, ...reused];
}

function placeLines({ outcome }: KnownOutcome, ink: Paint): string[] {
  const { directory, files, seconds, run } = outcome;
  const done = `Completed in ${duration(seconds)}.`;
  if (directory === null)
    return [`${done} The files of run ${ink.bold(oneLine(run))} are in its worker's workdir.`];
  const told = runFiles.filter(([name]) => files.includes(name));
  return [
    `${done} In ${ink.bold(relative(process.cwd(), directory))}:`,
    ...told.map(([name, purpose]) => `  ${padEnd(name, 17)}${ink.dim(purpose)}`),
  ];
}
