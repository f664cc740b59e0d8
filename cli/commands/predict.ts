import { concurrently } from '../../activities/concurrently.js';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { cells, listed } from '../../data/columns.js';
import { readTable, type TextTable } from '../../data/csv.js';
import { submissionCsv } from '../../data/results.js';
import { TableFault } from '../../data/table-fault.js';
import { meanProbabilities } from '../../metrics/ensemble.js';
import { decide } from '../../metrics/thresholds.js';
import { count } from '../../report/notation.js';
import type { RunResult } from '../../report/run-result.js';
import { writeDurably } from '../../store/durable-file.js';
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
      const { ids, texts } = textsOf(await readTable(csv), result);
      const probabilities = await ensemble(directory, result, texts, workdir.path);
      const thresholds = result.labels.map((label) => result.thresholds[label] ?? 0.5);
      const { id } = result.configuration.data;
      const target = resolve(options.output);
      const predictions = decide(probabilities, thresholds);
      await writeDurably(target, submissionCsv({ id, ids, labels: result.labels, predictions }));
      console.print(`${target}: ${count(ids.length)} rows, by ${result.folds.length} models`);
    });
}

function textsOf(table: TextTable, { configuration }: RunResult): { ids: string[]; texts: string[] } {
  const { text, id } = configuration.data;
  const names = table.columns.columnNames();
  const column = text.find((name) => names.includes(name));
  if (column === undefined) {
    throw new TableFault(
      { file: table.file },
      {
        what: 'there is no text column',
        expected: `one of ${text.join(', ')}`,
        found: `the columns ${listed(names)}`,
      },
    );
  }
  const texts = cells(table, column);
  return { texts, ids: names.includes(id) ? cells(table, id) : texts.map((_, row) => String(row)) };
}

/** `[texts, labels]`: the mean over the folds. */
async function ensemble(
  directory: string,
  { folds, configuration }: RunResult,
  texts: readonly string[],
  workdir: string,
): Promise<Float32Array> {
  const { predictor, threads, slots } = createServices({ workdir, roots: null, searchAttributes: false });
  const { maxLength } = configuration.model;
  const { signal } = new AbortController();
  const models = await concurrently(folds, slots, ({ fold }) =>
    predictor.predict(join(directory, 'models', String(fold)), texts, { maxLength, threads, signal }),
  );
  return meanProbabilities(models);
}
