import type { Command } from 'commander';
import { connect } from '../connection.js';
import { openLog } from '../host/host-log.js';
import { workerHostSchema } from '../facts/hosts.js';
import { openWorkers } from '../host/host.js';
import { observed } from '../host/observation.js';
import { serve } from '../host/serve.js';
import {
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

interface WorkerArguments
  extends GlobalOptions, ShareOptions, RootOptions, LoggingOptions, MetricsOption, JsonOption {
  readonly queue: readonly string[];
}

/** `foldwise worker`: works for a server that is there. */
export function addWorker(program: Command, console: Console): void {
  const worker = program
    .command('worker')
    .summary('work for a server that runs already')
    .description(
      'Runs a worker until Ctrl-C, for the server that TEMPORAL_ADDRESS or a Temporal profile names, or that runs for the workdir. The queue `main` carries everything but training; folds train on `gpu`.',
    )
    .option('--queue <name...>', 'the queues to work for', ['main', 'gpu']);
  printsJson(takesMetrics(takesLogging(takesRoots(takesShares(worker))))).action(
    async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<WorkerArguments>();
      const { workdir: folder, queue, root, slots, threads } = options;
      const workdir = await writableWorkdir(folder);
      const log = openLog(workdir, console, options);
      await observed(options.metrics, (observation) =>
        serve(log.note, {
          open: async (signal) =>
            openWorkers(await connect(workdir), {
              workdir,
              log,
              observation,
              signal,
              queues: queue,
              onMessage: log.note,
              ...(root === undefined ? {} : { roots: root }),
              ...(slots === undefined ? {} : { slots }),
              ...(threads === undefined ? {} : { threads }),
            }),
          announce: ({ link: { address, namespace } }) => {
            if (options.json === true)
              return printJson(console, workerHostSchema, {
                address,
                namespace,
                queues: queue,
                log: log.path,
                metrics: observation.url,
              });
            console.print(`working for ${address} on ${queue.join(', ')}; log: ${log.path}`);
            if (observation.url !== null) console.print(`metrics and health: ${observation.url}`);
          },
        }),
      );
    },
  );
}
