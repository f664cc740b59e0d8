import type { Command } from 'commander';
import { openHost } from '../host/host.js';
import { serve } from '../host/serve.js';
import { logToFile } from '../host/worker-log.js';
import {
  positiveInteger,
  takesRoots,
  takesShares,
  type GlobalOptions,
  type RootOptions,
  type ShareOptions,
} from '../options.js';
import type { Console } from '../terminal/console.js';
import { workdirAt } from '../workdir.js';

interface DevArguments extends GlobalOptions, ShareOptions, RootOptions {
  readonly port?: number;
  readonly uiPort?: number;
}

/** `foldwise dev`: a server with its Web UI, and a worker, until Ctrl-C. */
export function addDev(program: Command, console: Console): void {
  const dev = program
    .command('dev')
    .summary('a server with its Web UI, and a worker')
    .description(
      "Runs Temporal's server and a worker until Ctrl-C, with the history of all runs of the workdir in the Web UI. Runs are started beside it, by `foldwise start` or the Temporal CLI.",
    )
    .option('--port <number>', "the server's port (default: a free one)", positiveInteger)
    .option('--ui-port <number>', "the Web UI's port (default: a free one)", positiveInteger);
  takesRoots(takesShares(dev)).action(async (_options: unknown, command: Command) => {
    const { workdir: folder, root, port, uiPort, slots, threads } = command.optsWithGlobals<DevArguments>();
    const workdir = workdirAt(folder);
    const log = logToFile(workdir);
    const host = await openHost({
      workdir,
      onMessage: (message) => console.note(message),
      ...(root === undefined ? {} : { roots: root }),
      ...(port === undefined ? {} : { port }),
      ...(uiPort === undefined ? {} : { uiPort }),
      ...(slots === undefined ? {} : { slots }),
      ...(threads === undefined ? {} : { threads }),
    });
    const { address, uiUrl } = host.link;
    console.print(`Temporal server  ${address}`);
    if (uiUrl !== null) console.print(`Web UI           ${uiUrl}`);
    console.print(`worker's log     ${log}`);
    console.print('Ctrl-C ends both.');
    await serve(host, console);
  });
}
