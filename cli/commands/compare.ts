import { resolve } from 'node:path';
import type { Command } from 'commander';
import { renderComparison } from '../../report/comparison/page.js';
import { writeDurably } from '../../store/durable-file.js';
import { compareRuns } from '../comparison/comparison.js';
import { comparisonFacts } from '../comparison/facts.js';
import { readJudgedRun } from '../comparison/judged-run.js';
import { comparisonSchema } from '../facts/comparison.js';
import { printsJson, runNames, type GlobalOptions, type JsonOption } from '../options.js';
import { runDirectory } from '../runs/run-directory.js';
import { comparisonLines } from '../terminal/comparison-lines.js';
import { printJson, type Console } from '../terminal/console.js';
import { paint, wantsColor } from '../terminal/paint.js';
import { workdirAt } from '../workdir.js';

interface CompareArguments extends GlobalOptions, JsonOption {
  readonly page?: string;
}

/** `foldwise compare RUN RUN…`: whether one is better, and what differs between them. */
export function addCompare(program: Command, console: Console): void {
  printsJson(program.command('compare'))
    .argument('<first>', runNames)
    .argument('<others...>', 'the runs to hold against it')
    .summary('hold runs against each other')
    .description(
      'Tells whether completed runs are better than the first of them, by what both decided of the rows that they share, and names the settings and versions in which they differ.',
    )
    .option('--page <file>', 'write it as a page, too, to be shown around')
    .action(async (first: string, others: readonly string[], _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CompareArguments>();
      const workdir = workdirAt(options.workdir);
      const read = async (run: string) => readJudgedRun(await runDirectory(run, workdir));
      const base = await read(first);
      const runs = [];
      for (const run of others) runs.push(await read(run));
      const comparison = compareRuns([base, ...runs]);
      if (options.page !== undefined) {
        const target = resolve(options.page);
        await writeDurably(target, renderComparison(comparison));
        console.note(`The page: ${target}`);
      }
      if (options.json === true) return printJson(console, comparisonSchema, comparisonFacts(comparison));
      for (const line of comparisonLines(comparison, paint(wantsColor(process.stdout)))) console.print(line);
    });
}
