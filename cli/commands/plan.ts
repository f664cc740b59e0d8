import type { Command } from 'commander';
import { namesDevice, printsJson, takesPipeline } from '../options.js';
import type { Console } from '../terminal/console.js';
import { whenRun } from '../when-run.js';

/** `foldwise plan`: what a run would do, without doing any of it. */
export function addPlan(program: Command, console: Console): void {
  printsJson(namesDevice(takesPipeline(program.command('plan')), 'say what folds need there'))
    .summary('check a pipeline and say what a run would do')
    .description(
      'Checks the pipeline and its data, draws the steps and estimates what they cost. Runs nothing; a device that is named is started to ask for its memory.',
    )
    .action(whenRun(console, async () => (await import('../actions/plan.js')).plan));
}
