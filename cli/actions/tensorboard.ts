import { join, resolve } from 'node:path';
import { count } from '../../report/notation.js';
import { writeDurably } from '../../store/durable-file.js';
import { exportedRunsSchema } from '../facts/tensorboard.js';
import type { GlobalOptions, JsonOption } from '../options.js';
import { readLocalRun } from '../runs/local-runs.js';
import { readResult } from '../runs/results.js';
import { runDirectory } from '../runs/run-directory.js';
import { runEvents } from '../tensorboard/run-events.js';
import { printJson, type Console } from '../terminal/console.js';
import { workdirAt } from '../workdir.js';

interface TensorboardOptions extends GlobalOptions, JsonOption {
  readonly output?: string;
}

export async function tensorboard(
  console: Console,
  options: TensorboardOptions,
  names: readonly string[],
): Promise<void> {
  const workdir = workdirAt(options.workdir);
  const output = options.output === undefined ? join(workdir.path, 'tensorboard') : resolve(options.output);
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
}
