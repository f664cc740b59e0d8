import type { Command } from 'commander';
import { printsJson } from '../options.js';
import type { Console } from '../terminal/console.js';
import { whenRun } from '../when-run.js';

/** `foldwise init TABLE.csv`: a first pipeline, from what the table holds. */
export function addInit(program: Command, console: Console): void {
  printsJson(program.command('init'))
    .argument(
      '<table>',
      'a CSV file with a column of texts, and a column of 0 and 1 for each label or one of class names',
    )
    .summary('write a pipeline from what a table holds')
    .description(
      'Looks for the texts, the labels and the ids in a table and writes a pipeline for it, with remarks. Overwrites nothing.',
    )
    .option('--output <file>', 'where to', 'pipeline.yaml')
    .action(whenRun(console, async () => (await import('../actions/init.js')).init));
}
