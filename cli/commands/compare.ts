import type { Command } from 'commander';
import { printsJson, runNames } from '../options.js';
import type { Console } from '../terminal/console.js';
import { whenRun } from '../when-run.js';

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
    .action(whenRun(console, async () => (await import('../actions/compare.js')).compare));
}
