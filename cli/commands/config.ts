import type { Command } from 'commander';
import { readPipeline } from '../../pipeline/load.js';
import { takesPipeline, type PipelineArguments } from '../options.js';
import type { Console } from '../terminal/console.js';

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
    .action((file: string, { set }: PipelineArguments) => {
      const input = { pipeline: readPipeline(file, { overrides: set ?? {} }) };
      console.print(JSON.stringify(input, null, 2));
    });
}
