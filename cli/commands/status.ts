import type { Command } from 'commander';
import { printsJson, takesRun } from '../options.js';
import type { Console } from '../terminal/console.js';
import { whenRun } from '../when-run.js';

/** `foldwise status RUN`: one look at a run. */
export function addStatus(program: Command, console: Console): void {
  printsJson(takesRun(program.command('status')))
    .summary('show how far a run is')
    .description(
      'Shows the steps and folds of a run as they are now, from any machine that reaches the server; of a run that failed, why.',
    )
    .action(whenRun(console, async () => (await import('../actions/status.js')).status));
}
