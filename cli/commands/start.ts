import type { Command } from 'commander';
import { readPipeline } from '../../pipeline/load.js';
import { printsJson, takesPipeline, type JsonOption, type PipelineArguments } from '../options.js';
import { startRun } from '../runs/start-run.js';
import { printJson, type Console } from '../terminal/console.js';
import { withServer } from '../with-server.js';

interface StartArguments extends PipelineArguments, JsonOption {
  readonly fresh?: boolean;
}

/** `foldwise start`: starts a run on workers that are there already. */
export function addStart(program: Command, console: Console): void {
  printsJson(takesPipeline(program.command('start')))
    .summary('start a run on workers that run already')
    .description(
      'Starts a run and leaves it to the workers of the server. An open run of the same resolved pipeline is named instead of starting another.',
    )
    .option('--fresh', 'reuse nothing of earlier runs')
    .action(async (file: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<StartArguments>();
      const pipeline = readPipeline(file, { overrides: options.set ?? {} });
      await withServer(options, async ({ client }) => {
        const fresh = options.fresh === true;
        const { run, workflowId, attached } = await startRun(client, pipeline, {
          fresh,
          startedAt: new Date(),
        });
        if (options.json === true) return printJson(console, { run, workflowId, attached });
        console.print(`${attached ? 'already open' : 'started'}: run ${run}, workflow ${workflowId}`);
        console.print(`follow it with: foldwise watch ${JSON.stringify(run)}`);
      });
    });
}
