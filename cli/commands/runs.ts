import type { Command } from 'commander';
import { EnvironmentFault } from '../../errors/fault.js';
import { duration, score } from '../../report/notation.js';
import { connect, type ServerLink } from '../connection.js';
import { runListSchema, type ListedRun } from '../facts/run-list.js';
import { printsJson, type GlobalOptions, type JsonOption } from '../options.js';
import { listRuns } from '../runs/list-runs.js';
import { printJson, type Console } from '../terminal/console.js';
import { oneLine } from '../terminal/layout.js';
import { paint, wantsColor, type Paint } from '../terminal/paint.js';
import { tableLines } from '../terminal/table.js';
import { workdirAt } from '../workdir.js';

/** `foldwise runs`: all runs of the workdir and of the server's namespace. */
export function addRuns(program: Command, console: Console): void {
  printsJson(program.command('runs'))
    .summary('list the runs there are')
    .description(
      'Lists the runs of the workdir and, where a server answers, of its namespace, the latest first: each with its state, its cross-fitted macro F1 and its age. Without a server the state of a run that has no result is not known.',
    )
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & JsonOption>();
      const workdir = workdirAt(options.workdir);
      const link = await connect(workdir).catch(noServer);
      const runs = await listRuns(link, workdir).finally(() => link?.close());
      if (options.json === true) return printJson(console, runListSchema, runs);
      for (const line of runLines(runs, new Date(), paint(wantsColor(process.stdout)))) console.print(line);
      if (runs.some(({ state }) => state === null))
        console.note('No server answers for this folder: `foldwise dev` knows how the runs marked ? ended.');
    });
}

/** Directories tell enough without one; but a server that was named must answer. */
function noServer(error: unknown): ServerLink | null {
  if (error instanceof EnvironmentFault && process.env['TEMPORAL_ADDRESS'] === undefined) return null;
  throw error;
}

function runLines(runs: readonly ListedRun[], now: Date, ink: Paint): string[] {
  if (runs.length === 0) return ['no runs yet'];
  const rows = runs.map(({ run, state, crossFitted, startedAt, seconds }) => [
    oneLine(run),
    stateWords(state, ink),
    score(crossFitted),
    `${duration((now.getTime() - new Date(startedAt).getTime()) / 1000)} ago`,
    seconds === null ? '–' : duration(seconds),
  ]);
  const [head = '', ...lines] = tableLines(
    [['run', 'state', 'macro F1', 'started', 'took'], ...rows],
    'left',
  );
  return [ink.dim(head), ...lines];
}

function stateWords(state: ListedRun['state'], ink: Paint): string {
  switch (state) {
    case null:
      return '?';
    case 'completed':
      return ink.green(state);
    case 'failed':
      return ink.red(state);
    case 'waiting':
      return ink.yellow(state);
    case 'running':
      return ink.cyan(state);
    case 'cancelled':
      return state;
  }
}
