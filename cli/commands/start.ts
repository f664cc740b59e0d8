import type { Command } from 'commander';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { startedRunSchema } from '../facts/run-control.js';
import { pipelineToStart } from '../input/pipeline-to-start.js';
import {
  printsJson,
  takesNoCheck,
  takesPipeline,
  type CheckOption,
  type JsonOption,
  type PipelineArguments,
} from '../options.js';
import { startRun } from '../runs/start-run.js';
import { placeOption, quoted } from '../runs/ways.js';
import { printJson, type Console } from '../terminal/console.js';
import { withServer } from '../with-server.js';

interface StartArguments extends PipelineArguments, JsonOption, CheckOption {
  readonly fresh?: boolean;
}

/** `foldwise start`: starts a run on workers that are there already. */
export function addStart(program: Command, console: Console): void {
  takesNoCheck(printsJson(takesPipeline(program.command('start'))))
    .summary('start a run on workers that run already')
    .description(
      'Checks a pipeline and its tables, starts a run of it and leaves it to the workers of the server. An open run of the same resolved pipeline is named instead of starting another.',
    )
    .option('--fresh', 'reuse nothing of earlier runs')
    .action(async (file: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<StartArguments>();
      await start(await pipelineToStart(file, options), options, console);
    });
}

async function start(pipeline: Pipeline, options: StartArguments, console: Console): Promise<void> {
  await withServer(options, async ({ client }) => {
    const fresh = options.fresh === true;
    const { run, handle, attached } = await startRun(client, pipeline, { fresh, startedAt: new Date() });
    const { workflowId } = handle;
    if (options.json === true) return printJson(console, startedRunSchema, { run, workflowId, attached });
    console.print(`${attached ? 'already open' : 'started'}: run ${run}, workflow ${workflowId}`);
    console.print(`follow it with: foldwise watch ${quoted(run)}${placeOption(options)}`);
  });
}
