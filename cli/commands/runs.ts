import type { Command } from 'commander';
import { printsJson } from '../options.js';
import type { Console } from '../terminal/console.js';
import { whenRun } from '../when-run.js';

/** `foldwise runs`: all runs of the workdir and of the server's namespace. */
export function addRuns(program: Command, console: Console): void {
  printsJson(program.command('runs'))
    .summary('list the runs there are')
    .description(
      'Lists the runs of the workdir and, where a server answers, of its namespace, the latest first: each with its state, its cross-fitted macro F1 and where that lies with 95 % confidence, its data, folds and members, how long it took and its age. Without a server the state of a run that has no result is not known.',
    )
    .action(whenRun(console, async () => (await import('../actions/runs.js')).runs));
}
