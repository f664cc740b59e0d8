import { concurrently } from '../../activities/concurrently.js';
import { withScratch } from '../../activities/scratch.js';
import { runTableTask } from '../../activities/tables/tasks.js';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { writeTestTable } from '../../data/dataset.js';
import { idColumn } from '../../pipeline/pipeline.js';
import { count } from '../../report/notation.js';
import type { RunResult } from '../../report/run-result.js';
import { copyDurably } from '../../store/durable-file.js';
import { createServices } from '../../worker/services.js';
import { takesRun, type GlobalOptions } from '../options.js';
import { readResult } from '../runs/results.js';
import { runDirectory } from '../runs/run-directory.js';
import type { Console } from '../terminal/console.js';
import { workdirAt } from '../workdir.js';

interface PredictArguments extends GlobalOptions {
  readonly output: string;
}

/** `foldwise predict RUN CSV`: the ensemble of a run on other texts. */
export function addPredict(program: Command, console: Console): void {
  takesRun(program.command('predict'))
    .argument('<csv>', 'the texts: a column as in the pipeline, ids if it has them')
    .summary("label other texts with a run's models")
    .description(
      "Scores texts with every fold's model of a completed run, takes the mean of the probabilities and applies the run's thresholds.",
    )
    .option('--output <file>', 'where to', 'predictions.csv')
    .action(async (run: string, csv: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<PredictArguments>();
      const workdir = workdirAt(options.workdir);
      const directory = runDirectory(run, workdir);
      const result = await readResult(directory);
      const target = resolve(options.output);
      const { rows, warnings } = await predictTable(csv, target, {
        directory,
        result,
        workdir: workdir.path,
      });
      for (const warning of warnings) console.note(`warning: ${warning}`);
      console.print(`${target}: ${count(rows)} rows, by ${result.folds.length} models`);
    });
}

interface FinishedRun {
  readonly directory: string;
  readonly result: RunResult;
  readonly workdir: string;
}

/** Goes the way of a run's own test table: read and checked alike, scored by ranges, decided alike. */
async function predictTable(
  csv: string,
  target: string,
  { directory, result, workdir }: FinishedRun,
): Promise<{ rows: number; warnings: readonly string[] }> {
  const services = createServices({ workdir, roots: null, searchAttributes: false });
  const { labels, folds, configuration } = result;
  const { data, model } = configuration;
  const names = folds.map(({ fold }) => `probabilities-${fold}`);
  return withScratch(services, [...names, 'table', 'predictions'], async (paths) => {
    const table = paths['table']!;
    const columns = { text: data.text, id: data.id, labels };
    const { rows, warnings } = await writeTestTable(csv, columns, table);
    const { predictor, threads, slots } = services;
    const { signal } = new AbortController();
    await concurrently(folds, slots, ({ fold }) => {
      const output = paths[`probabilities-${fold}`]!;
      const folder = join(directory, 'models', String(fold));
      return predictor.predict(folder, { table, output }, { maxLength: model.maxLength, threads, signal });
    });
    await runTableTask('submit', {
      test: table,
      models: names.map((name) => paths[name]!),
      id: idColumn(data),
      labels,
      thresholds: labels.map((label) => result.thresholds[label] ?? 0.5),
      output: paths['predictions']!,
    });
    await copyDurably(paths['predictions']!, target);
    return { rows, warnings };
  });
}
