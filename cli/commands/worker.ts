import type { Command } from 'commander';
import { printsJson, takesLogging, takesMetrics, takesRoots, takesShares } from '../options.js';
import type { Console } from '../terminal/console.js';
import { whenRun } from '../when-run.js';

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
    whenRun(console, async () => (await import('../actions/worker.js')).worker),
  );
}
