import type { Command } from 'commander';
import type { ServerLink } from '../connection.js';
import { Interrupted } from '../failure.js';
import {
  printsJson,
  takesRun,
  takesWait,
  waitsForDecisions,
  type GlobalOptions,
  type JsonOption,
  type WaitOption,
} from '../options.js';
import { findRun } from '../runs/find-run.js';
import { endOf } from '../runs/run-end.js';
import { decisionWays } from '../runs/ways.js';
import { watchRun } from '../runs/watch-run.js';
import type { Console } from '../terminal/console.js';
import { openDisplay } from '../terminal/display.js';
import { tellEnd } from '../terminal/tell-end.js';
import { withServer } from '../with-server.js';
import { workdirAt } from '../workdir.js';

type WatchArguments = GlobalOptions & JsonOption & WaitOption;

/** `foldwise watch RUN`: a run's progress until its end. */
export function addWatch(program: Command, console: Console): void {
  takesWait(printsJson(takesRun(program.command('watch'))))
    .summary('follow a run to its end')
    .description(
      'Follows a run as it goes on, from any machine that reaches the server, and tells its scores and files at its end. Leaving it, by Ctrl-C, does the run no harm. The exit code is 0 only if the run completed.',
    )
    .action(async (name: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<WatchArguments>();
      await withServer(options, (link) => watch(link, name, options, console));
    });
}

async function watch(
  link: ServerLink,
  name: string,
  options: WatchArguments,
  console: Console,
): Promise<void> {
  const workdir = workdirAt(options.workdir);
  const found = await findRun(link.client, name, workdir);
  const leaving = new AbortController();
  const leave = (): void => leaving.abort();
  process.once('SIGINT', leave);
  const json = options.json === true;
  const display = openDisplay(console, json);
  const waits = waitsForDecisions(options);
  const view = await watchRun(link.client, found, display, leaving.signal, waits).finally(() => {
    process.off('SIGINT', leave);
    display.close();
  });
  if (leaving.signal.aborted || view === null) throw new Interrupted(`Left ${found.run}; it goes on.`);
  const ways = decisionWays(found.run, options);
  const history = link.uiUrl ?? `that of ${link.address}`;
  tellEnd(console, await endOf(found, view, workdir, ways), { json, history });
}
