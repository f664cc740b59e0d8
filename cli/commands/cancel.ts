import type { Command } from 'commander';
import { cancellationSchema } from '../facts/run-control.js';
import { printsJson, takesRun, type GlobalOptions, type JsonOption } from '../options.js';
import { findRun } from '../runs/find-run.js';
import { findScore } from '../scoring/find-score.js';
import { printJson, type Console } from '../terminal/console.js';
import { withServer } from '../with-server.js';
import { workdirAt } from '../workdir.js';

/** `foldwise cancel RUN`. */
export function addCancel(program: Command, console: Console): void {
  printsJson(takesRun(program.command('cancel')))
    .summary('end a run, or the scoring of a table')
    .description(
      'Ends a run: folds in training write a checkpoint first, and a new run of the same pipeline goes on from there. A scoring of a table ends, too, by its name or workflow id; what is scored is kept.',
    )
    .action(async (name: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & JsonOption>();
      await withServer(options, async ({ client }) => {
        const { run, handle } =
          (await findScore(client, name)) ?? (await findRun(client, name, workdirAt(options.workdir)));
        const { status } = await handle.describe();
        const ended = status.name !== 'RUNNING';
        if (!ended) await handle.cancel();
        if (options.json === true)
          return printJson(console, cancellationSchema, { run, workflowId: handle.workflowId, ended });
        console.print(
          ended ? `${run}: it has ended already (${status.name.toLowerCase()})` : `${run}: asked to end`,
        );
      });
    });
}
