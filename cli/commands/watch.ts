import type { Command } from 'commander';
import { printsJson, takesRun, takesWait } from '../options.js';
import type { Console } from '../terminal/console.js';
import { whenRun } from '../when-run.js';

/** `foldwise watch RUN`: a run's progress until its end. */
export function addWatch(program: Command, console: Console): void {
  takesWait(printsJson(takesRun(program.command('watch'))))
    .summary('follow a run to its end')
    .description(
      'Follows a run as it goes on, from any machine that reaches the server, and tells its scores and files at its end. Leaving it, by Ctrl-C, does the run no harm. The exit code is 0 only if the run completed.',
    )
    .action(whenRun(console, async () => (await import('../actions/watch.js')).watch));
}
