import { Option, type Command } from 'commander';
import { positiveInteger, printsJson, takesRun } from '../options.js';
import type { Console } from '../terminal/console.js';
import { whenRun } from '../when-run.js';

/** `foldwise retry RUN`: reruns what failed, and only that. */
export function addRetry(program: Command, console: Console): void {
  takesDecision(program.command('retry'), 'the fold to rerun, from 1 (default: all that failed)')
    .summary('rerun what failed, and only that')
    .description('Reruns the failed folds of a run that waits, and nothing else.')
    .action(whenRun(console, async () => (await import('../actions/decide.js')).retry));
}

/** `foldwise skip RUN --fold N`: goes on without a fold. */
export function addSkip(program: Command, console: Console): void {
  takesDecision(program.command('skip'), 'the fold to go on without, from 1 (default: all that failed)')
    .summary('go on without a failed fold')
    .description(
      'Lets a run that waits go on without a failed fold. The result says so: the rows of that fold are left out of the scores, and the ensemble does without its model.',
    )
    .action(whenRun(console, async () => (await import('../actions/decide.js')).skip));
}

function takesDecision(command: Command, fold: string): Command {
  return printsJson(takesRun(command))
    .option('--step <step>', 'the step', 'fold')
    .option('--fold <number>', fold, positiveInteger)
    .addOption(
      new Option(
        '--cell <name>',
        'of a matrix over more than folds: a cell, as in seed-42/3, or a whole member, as in seed-42',
      ).conflicts('fold'),
    );
}
