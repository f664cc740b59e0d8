import type { Command } from 'commander';
import { takesPipeline } from '../options.js';
import type { Console } from '../terminal/console.js';
import { whenRun } from '../when-run.js';

/** `foldwise config`: the workflow's input, everything resolved, for the plain Temporal CLI. */
export function addConfig(program: Command, console: Console): void {
  takesPipeline(program.command('config'))
    .summary("print the workflow's input as JSON")
    .description(
      'Resolves a pipeline, every default filled in and every path absolute, and prints the input of its workflow.',
    )
    .addHelpText(
      'after',
      `
Example:
  foldwise config pipeline.yaml > input.json
  temporal workflow start --type pipeline --task-queue foldwise \\
    --workflow-id emotions --input-file input.json`,
    )
    .action(whenRun(console, async () => (await import('../actions/config.js')).config));
}
