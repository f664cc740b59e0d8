import type { Command } from 'commander';
import { openLog } from '../host/host-log.js';
import { devHostSchema } from '../facts/hosts.js';
import { openHost } from '../host/host.js';
import { observed } from '../host/observation.js';
import { serve } from '../host/serve.js';
import {
  positiveInteger,
  printsJson,
  takesLogging,
  takesMetrics,
  takesRoots,
  takesShares,
  type GlobalOptions,
  type JsonOption,
  type LoggingOptions,
  type MetricsOption,
  type RootOptions,
  type ShareOptions,
} from '../options.js';
import { printJson, type Console } from '../terminal/console.js';
import { writableWorkdir } from '../workdir.js';

interface DevArguments
  extends GlobalOptions, ShareOptions, RootOptions, LoggingOptions, MetricsOption, JsonOption {
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
  printsJson(takesMetrics(takesLogging(takesRoots(takesShares(dev))))).action(
    async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<DevArguments>();
      const { workdir: folder, root, port, uiPort, slots, threads } = options;
      const workdir = await writableWorkdir(folder);
      const log = openLog(workdir, console, options);
      await observed(options.metrics, (observation) =>
        serve(log.note, {
          open: (signal) =>
            openHost({
              workdir,
              log,
              observation,
              signal,
              onMessage: log.note,
              ...(root === undefined ? {} : { roots: root }),
              ...(port === undefined ? {} : { port }),
              ...(uiPort === undefined ? {} : { uiPort }),
              ...(slots === undefined ? {} : { slots }),
              ...(threads === undefined ? {} : { threads }),
            }),
          announce: ({ link: { address, namespace, uiUrl } }) => {
            if (options.json === true)
              return printJson(console, devHostSchema, {
                address,
                namespace,
                uiUrl,
                log: log.path,
                metrics: observation.url,
              });
            console.print(`Temporal server  ${address}`);
            if (uiUrl !== null) console.print(`Web UI           ${uiUrl}`);
            console.print(`worker's log     ${log.path}`);
            if (observation.url !== null) console.print(`metrics, health  ${observation.url}`);
            console.print('Ctrl-C ends both.');
          },
        }),
      );
    },
  );
}
