import { InvalidArgumentError, Option, type Command } from 'commander';
import { buildIdPattern, deploymentPattern } from '../../worker/deployment.js';
import {
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

/** `foldwise worker`: works for a server that is there. */
export function addWorker(program: Command, console: Console): void {
  const worker = program
    .command('worker')
    .summary('work for a server that runs already')
    .description(
      'Runs a worker until Ctrl-C, for the server that TEMPORAL_ADDRESS or a Temporal profile names, or that runs for the workdir. The queue `main` carries everything but training; folds train on `gpu`.',
    )
    .option('--queue <name...>', 'the queues to work for', ['main', 'gpu'])
    .addOption(
      new Option(
        '--deployment <name>',
        'the deployment of which this worker is a version: runs stay with the version that took them up (docs/operations.md)',
      )
        .env('FOLDWISE_DEPLOYMENT')
        .argParser(matching(deploymentPattern, 'letters, digits, - and _, as in foldwise')),
    )
    .addOption(
      new Option(
        '--build-id <id>',
        'which version of the deployment it is (default: the version of foldwise and a digest of its code)',
      )
        .env('FOLDWISE_BUILD_ID')
        .argParser(matching(buildIdPattern, 'letters, digits and . _ + @ -, as in 0.4.0-1f2e3d4c')),
    );
  printsJson(takesMetrics(takesLogging(takesRoots(takesDevice(takesShares(worker), trainsFolds))))).action(
    whenRun(console, async () => (await import('../actions/worker.js')).worker),
  );
}

function matching(pattern: RegExp, form: string): (text: string) => string {
  return (text) => {
    if (pattern.test(text)) return text;
    throw new InvalidArgumentError(`It must be ${form}; at most 100 of them.`);
  };
}
