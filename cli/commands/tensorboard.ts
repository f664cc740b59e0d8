import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { count } from '../../report/notation.js';
import { writeDurably } from '../../store/durable-file.js';
import { exportedRunsSchema } from '../facts/tensorboard.js';
import { printsJson, runNames, type GlobalOptions, type JsonOption } from '../options.js';
import { readLocalRun } from '../runs/local-runs.js';
import { readResult } from '../runs/results.js';
import { runDirectory } from '../runs/run-directory.js';
import { runEvents } from '../tensorboard/run-events.js';
import { printJson, type Console } from '../terminal/console.js';
import { workdirAt } from '../workdir.js';

interface TensorboardArguments extends GlobalOptions, JsonOption {
  readonly output?: string;
}

/** `foldwise tensorboard RUN…`: scores, settings and epochs as TensorBoard reads them. */
export function addTensorboard(program: Command, console: Console): void {
  printsJson(program.command('tensorboard'))
    .argument('<runs...>', runNames)
    .summary('write runs as TensorBoard reads them')
    .description(
      'Writes event files of completed runs: scores and settings of each, and losses and scores of every epoch of its folds. What was written of a run before is replaced.',
    )
    .option('--output <folder>', 'where to (default: tensorboard, in the workdir)')
    .action(async (names: readonly string[], _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<TensorboardArguments>();
      const workdir = workdirAt(options.workdir);
      const output =
        options.output === undefined ? join(workdir.path, 'tensorboard') : resolve(options.output);
      const runs = [];
      for (const name of names) {
        const directory = await runDirectory(name, workdir);
        const result = await readResult(directory);
        const events = runEvents(result, (await readLocalRun(directory)).startedAt);
        for (const { path, bytes } of events) await writeDurably(join(output, path), bytes);
        runs.push({ run: result.run, files: events.map(({ path }) => path) });
      }
      if (options.json === true) return printJson(console, exportedRunsSchema, { output, runs });
      const files = runs.reduce((sum, each) => sum + each.files.length, 0);
      console.print(`${output}: ${count(files)} files; tensorboard --logdir shows them`);
    });
}
