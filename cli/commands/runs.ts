import type { Command } from 'commander';
import { EnvironmentFault } from '../../errors/fault.js';
import { connect, type ServerLink } from '../connection.js';
import { runListSchema } from '../facts/run-list.js';
import { printsJson, type GlobalOptions, type JsonOption } from '../options.js';
import { listRuns } from '../runs/list-runs.js';
import { printJson, type Console } from '../terminal/console.js';
import { paint, wantsColor } from '../terminal/paint.js';
import { runTable } from '../terminal/run-table.js';
import { workdirAt } from '../workdir.js';

/** `foldwise runs`: all runs of the workdir and of the server's namespace. */
export function addRuns(program: Command, console: Console): void {
  printsJson(program.command('runs'))
    .summary('list the runs there are')
    .description(
      'Lists the runs of the workdir and, where a server answers, of its namespace, the latest first: each with its state, its cross-fitted macro F1 and where that lies with 95 % confidence, its data, folds and members, how long it took and its age. Without a server the state of a run that has no result is not known.',
    )
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & JsonOption>();
      const workdir = workdirAt(options.workdir);
      const link = await connect(workdir).catch(noServer);
      const runs = await listRuns(link, workdir).finally(() => link?.close());
      if (options.json === true) return printJson(console, runListSchema, runs);
      const { isTTY, columns = 80 } = process.stdout;
      const ink = paint(wantsColor(process.stdout));
      for (const line of runTable(runs, new Date(), isTTY ? columns : Infinity, ink)) console.print(line);
      if (runs.some(({ state }) => state === null))
        console.note('No server answers for this folder: `foldwise dev` knows how the runs marked ? ended.');
    });
}

/** Directories tell enough without one; but a server that was named must answer. */
function noServer(error: unknown): ServerLink | null {
  if (error instanceof EnvironmentFault && process.env['TEMPORAL_ADDRESS'] === undefined) return null;
  throw error;
}
