import type { Command } from 'commander';
import { printsJson, takesRun } from '../options.js';
import type { Console } from '../terminal/console.js';
import { whenRun } from '../when-run.js';

/** `foldwise cancel RUN`. */
export function addCancel(program: Command, console: Console): void {
  printsJson(takesRun(program.command('cancel')))
    .summary('end a run, or the scoring of a table')
    .description(
      'Ends a run: folds in training write a checkpoint first, and a new run of the same pipeline goes on from there. A scoring of a table ends, too, by its name or workflow id; what is scored is kept.',
    )
    .action(whenRun(console, async () => (await import('../actions/cancel.js')).cancel));
}
