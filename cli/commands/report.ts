import type { Command } from 'commander';
import { printsJson, takesRun } from '../options.js';
import type { Console } from '../terminal/console.js';
import { whenRun } from '../when-run.js';

/** `foldwise report RUN`: writes a run's report anew, from the numbers in its directory. */
export function addReport(program: Command, console: Console): void {
  printsJson(takesRun(program.command('report')))
    .summary("write a run's report anew")
    .description(
      'Draws the report of a completed run from its result.json and its out-of-fold predictions, and prints where it is.',
    )
    .option('--output <file>', "where to (default: report.html in the run's directory)")
    .option('--no-texts', 'show no text of the data')
    .action(whenRun(console, async () => (await import('../actions/report.js')).report));
}
