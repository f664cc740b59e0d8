import type { Command } from 'commander';
import { score } from '../../report/notation.js';
import { printsJson, runNames, type GlobalOptions, type JsonOption } from '../options.js';
import { comparisonSchema } from '../facts/comparison.js';
import { compareResults, type Comparison, type ScorePair } from '../runs/comparison.js';
import { readResult } from '../runs/results.js';
import { runDirectory } from '../runs/run-directory.js';
import { printJson, type Console } from '../terminal/console.js';
import { oneLine } from '../terminal/layout.js';
import { paint, wantsColor, type Paint } from '../terminal/paint.js';
import { tableLines } from '../terminal/table.js';
import { workdirAt } from '../workdir.js';

/** `foldwise compare RUN RUN`: what changed, in scores and in settings. */
export function addCompare(program: Command, console: Console): void {
  printsJson(program.command('compare'))
    .argument('<first>', runNames)
    .argument('<second>', 'the run to hold against it')
    .summary('hold two runs against each other')
    .description('Compares the scores of two completed runs, and names the settings in which they differ.')
    .action(async (first: string, second: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & JsonOption>();
      const workdir = workdirAt(options.workdir);
      const comparison = compareResults(
        await readResult(await runDirectory(first, workdir)),
        await readResult(await runDirectory(second, workdir)),
      );
      if (options.json === true) return printJson(console, comparisonSchema, comparison);
      for (const line of comparisonLines(comparison, paint(wantsColor(process.stdout)))) console.print(line);
    });
}

function comparisonLines({ runs, scores, settings }: Comparison, ink: Paint): string[] {
  const names = [...new Set(scores.map(({ name }) => name))];
  const rows = names.map((name) => [
    oneLine(name),
    ...scores.filter((pair) => pair.name === name).map((pair) => pairWords(pair, ink)),
  ]);
  const head = ['label', 'F1 at 0.5', 'F1 tuned', 'cross-fitted'];
  return [
    `${runs[0]} → ${runs[1]}`,
    '',
    ...tableLines([head, ...rows]),
    '',
    ...(settings.length === 0 ? ['The same settings.'] : settings.map(settingWords)),
  ];
}

function pairWords({ first, second, change }: ScorePair, ink: Paint): string {
  if (change === null) return `${score(first)} → ${score(second)}`;
  const signed = `${change < 0 ? '−' : '+'}${Math.abs(change).toFixed(3)}`;
  const colour = change < 0 ? ink.red : ink.green;
  return `${score(first)} → ${score(second)} ${Math.abs(change) < 0.0005 ? signed : colour(signed)}`;
}

function settingWords({ path, first, second }: Comparison['settings'][number]): string {
  return oneLine(`${path}: ${JSON.stringify(first) ?? 'absent'} → ${JSON.stringify(second) ?? 'absent'}`);
}
