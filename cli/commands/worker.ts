import type { Command } from 'commander';
import { connect } from '../connection.js';
import { openWorkers } from '../host/host.js';
import { serve } from '../host/serve.js';
import { logToFile } from '../host/worker-log.js';
import { positiveInteger, type GlobalOptions } from '../options.js';
import type { Console } from '../terminal/console.js';
import { workdirAt } from '../workdir.js';

interface WorkerArguments extends GlobalOptions {
  readonly queue: readonly string[];
  readonly slots?: number;
  readonly threads?: number;
  readonly root?: readonly string[];
}

/** `foldwise worker`: works for a server that is there. */
export function addWorker(program: Command, console: Console): void {
  program
    .command('worker')
    .summary('work for a server that runs already')
    .description(
      'Runs a worker until Ctrl-C, for the server that TEMPORAL_ADDRESS or a Temporal profile names, or that runs for the workdir. The queue `main` carries everything but training; folds train on `gpu`.',
    )
    .option('--queue <name...>', 'the queues to work for', ['main', 'gpu'])
    .option(
      '--slots <number>',
      'folds trained at once (default: one per processor, up to 5, each with 6 GiB)',
      positiveInteger,
    )
    .option(
      '--threads <number>',
      'threads per fold (default: the processors, divided by the slots)',
      positiveInteger,
    )
    .option('--root <folder...>', 'folders that runs may read (default: the current one and the workdir)')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<WorkerArguments>();
      const { workdir: folder, queue, root, slots, threads } = options;
      const workdir = workdirAt(folder);
      const log = logToFile(workdir);
      const link = await connect(workdir);
      const host = await openWorkers(link, {
        workdir,
        queues: queue,
        onMessage: (message) => console.note(message),
        ...(root === undefined ? {} : { roots: root }),
        ...(slots === undefined ? {} : { slots }),
        ...(threads === undefined ? {} : { threads }),
      });
      console.print(`working for ${link.address} on ${queue.join(', ')}; log: ${log}`);
      await serve(host, console);
    });
}
