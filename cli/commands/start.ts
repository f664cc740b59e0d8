import type { Command } from 'commander';
import { printsJson, takesNoCheck, takesPipeline } from '../options.js';
import type { Console } from '../terminal/console.js';
import { whenRun } from '../when-run.js';

/** `foldwise start`: starts a run on workers that are there already. */
export function addStart(program: Command, console: Console): void {
  takesNoCheck(printsJson(takesPipeline(program.command('start'))))
    .summary('start a run on workers that run already')
    .description(
      'Checks a pipeline and its tables, starts a run of it and leaves it to the workers of the server. An open run of the same resolved pipeline is named instead of starting another.',
    )
    .option('--fresh', 'reuse nothing of earlier runs')
    .action(whenRun(console, async () => (await import('../actions/start.js')).start));
}
