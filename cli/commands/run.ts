import { Option, type Command } from 'commander';
import { printsJson, takesDevice, takesPipeline, takesShares, takesWait, trainsFolds } from '../options.js';
import { otherChoices } from '../runs/other-choices.js';
import type { Console } from '../terminal/console.js';
import { whenRun } from '../when-run.js';

/** `foldwise run`: server, worker and run in one. */
export function addRun(program: Command, console: Console): void {
  const run = takesPipeline(program.command('run'))
    .summary('train, score and predict: server, worker and run in one')
    .description(
      'Runs a pipeline from its data to its report, with everything it needs in this process, and shows how it goes. What earlier runs did already is reused. Where a run of the same pipeline is open in the workdir, it goes on with that one. The exit code is 0 only if the run completed.',
    )
    .option('--fresh', 'reuse nothing of earlier runs');
  takesWait(printsJson(takesDevice(takesShares(run), trainsFolds)))
    .addOption(
      new Option(
        '--other <what>',
        'what becomes of other runs that are open in the workdir: keep them open, wait (do them first), or cancel them (default: ask; off a terminal: keep)',
      ).choices(otherChoices),
    )
    .addHelpText(
      'after',
      `
Ctrl-C asks the folds to write a checkpoint and ends; the same command goes on from there.
A second Ctrl-C ends at once.`,
    )
    .action(whenRun(console, async () => (await import('../actions/run.js')).run));
}
