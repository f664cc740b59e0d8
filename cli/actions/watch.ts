import type { ServerLink } from '../connection.js';
import { Interrupted } from '../failure.js';
import { waitsForDecisions, type GlobalOptions, type JsonOption, type WaitOption } from '../options.js';
import { findRun } from '../runs/find-run.js';
import { endOf } from '../runs/run-end.js';
import { decisionWays } from '../runs/ways.js';
import { watchRun } from '../runs/watch-run.js';
import type { Console } from '../terminal/console.js';
import { openDisplay } from '../terminal/display.js';
import { tellEnd } from '../terminal/tell-end.js';
import { withServer } from '../with-server.js';
import { workdirAt } from '../workdir.js';

type WatchOptions = GlobalOptions & JsonOption & WaitOption;

export async function watch(console: Console, options: WatchOptions, name: string): Promise<void> {
  await withServer(options, (link) => follow(link, name, options, console));
}

async function follow(
  link: ServerLink,
  name: string,
  options: WatchOptions,
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
