import type { Command } from 'commander';
import { printsJson, runNames } from '../options.js';
import type { Console } from '../terminal/console.js';
import { whenRun } from '../when-run.js';

/** `foldwise tensorboard RUN…`: scores, settings and epochs as TensorBoard reads them. */
export function addTensorboard(program: Command, console: Console): void {
  printsJson(program.command('tensorboard'))
    .argument('<runs...>', runNames)
    .summary('write runs as TensorBoard reads them')
    .description(
      'Writes event files of completed runs: scores and settings of each, and losses and scores of every epoch of its folds. What was written of a run before is replaced.',
    )
    .option('--output <folder>', 'where to (default: tensorboard, in the workdir)')
    .action(whenRun(console, async () => (await import('../actions/tensorboard.js')).tensorboard));
}
