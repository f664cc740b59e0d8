import { EnvironmentFault } from '../../errors/fault.js';
import { connect, type ServerLink } from '../connection.js';
import { runListSchema } from '../facts/run-list.js';
import type { GlobalOptions, JsonOption } from '../options.js';
import { listRuns } from '../runs/list-runs.js';
import { printJson, type Console } from '../terminal/console.js';
import { paint, wantsColor } from '../terminal/paint.js';
import { runTable } from '../terminal/run-table.js';
import { workdirAt } from '../workdir.js';

export async function runs(console: Console, options: GlobalOptions & JsonOption): Promise<void> {
  const workdir = workdirAt(options.workdir);
  const link = await connect(workdir).catch(noServer);
  const runs = await listRuns(link, workdir).finally(() => link?.close());
  if (options.json === true) return printJson(console, runListSchema, runs);
  const { isTTY, columns = 80 } = process.stdout;
  const ink = paint(wantsColor(process.stdout));
  for (const line of runTable(runs, new Date(), isTTY ? columns : Infinity, ink)) console.print(line);
  if (runs.some(({ state }) => state === null))
    console.note('No server answers for this folder: `foldwise dev` knows how the runs marked ? ended.');
}

/** Directories tell enough without one; but a server that was named must answer. */
function noServer(error: unknown): ServerLink | null {
  if (error instanceof EnvironmentFault && process.env['TEMPORAL_ADDRESS'] === undefined) return null;
  throw error;
}
