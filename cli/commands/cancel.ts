import type { Command } from 'commander';
import { takesRun, type GlobalOptions } from '../options.js';
import { findRun } from '../runs/find-run.js';
import type { Console } from '../terminal/console.js';
import { withServer } from '../with-server.js';

/** `foldwise cancel RUN`. */
export function addCancel(program: Command, console: Console): void {
  takesRun(program.command('cancel'))
    .summary('end a run')
    .description(
      'Ends a run: folds in training write a checkpoint first, and a new run of the same pipeline goes on from there.',
    )
    .action(async (run: string, _options: unknown, command: Command) => {
      await withServer(command.optsWithGlobals<GlobalOptions>(), async ({ client }) => {
        await (await findRun(client, run)).cancel();
        console.print(`${run}: asked to end`);
      });
    });
}
