import { startedRunSchema } from '../facts/run-control.js';
import { pipelineToStart } from '../input/pipeline-to-start.js';
import type { CheckOption, JsonOption, PipelineArguments } from '../options.js';
import { startRun } from '../runs/start-run.js';
import { placeOption, quoted } from '../runs/ways.js';
import { printJson, type Console } from '../terminal/console.js';
import { withServer } from '../with-server.js';

interface StartOptions extends PipelineArguments, JsonOption, CheckOption {
  readonly fresh?: boolean;
}

export async function start(console: Console, options: StartOptions, file: string): Promise<void> {
  const pipeline = await pipelineToStart(file, options);
  await withServer(options, async ({ client }) => {
    const fresh = options.fresh === true;
    const { run, handle, attached } = await startRun(client, pipeline, { fresh, startedAt: new Date() });
    const { workflowId } = handle;
    if (options.json === true) return printJson(console, startedRunSchema, { run, workflowId, attached });
    console.print(`${attached ? 'already open' : 'started'}: run ${run}, workflow ${workflowId}`);
    console.print(`follow it with: foldwise watch ${quoted(run)}${placeOption(options)}`);
  });
}
