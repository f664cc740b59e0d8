import type { Command } from 'commander';
import {
  positiveInteger,
  printsJson,
  takesDevice,
  takesLogging,
  takesMetrics,
  takesRoots,
  takesShares,
  trainsFolds,
} from '../options.js';
import type { Console } from '../terminal/console.js';
import { whenRun } from '../when-run.js';

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
  printsJson(takesMetrics(takesLogging(takesRoots(takesDevice(takesShares(dev), trainsFolds))))).action(
    whenRun(console, async () => (await import('../actions/dev.js')).dev),
  );
}
