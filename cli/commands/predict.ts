import { createReadStream, existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { InputFault } from '../../errors/fault.js';
import { count } from '../../report/notation.js';
import { predictedTableSchema } from '../facts/tables.js';
import { printsJson, takesRun, type GlobalOptions, type JsonOption } from '../options.js';
import { collectThreshold, withThresholds, type OtherThresholds } from '../predict/other-thresholds.js';
import { predictTable } from '../predict/predict-table.js';
import { ensembleAt } from '../runs/ensemble-at.js';
import { printJson, type Console } from '../terminal/console.js';
import { workdirAt } from '../workdir.js';

interface PredictArguments extends GlobalOptions, JsonOption {
  readonly output?: string;
  readonly probabilities?: boolean;
  readonly threshold?: OtherThresholds;
  readonly force?: boolean;
}

/** In place of a file: standard input or output. */
const stream = '-';

/** `foldwise predict RUN CSV`: the ensemble of a run on other texts. */
export function addPredict(program: Command, console: Console): void {
  printsJson(takesRun(program.command('predict')))
    .argument('<csv>', 'the texts: a column as in the pipeline, ids if it has them; - is standard input')
    .summary("label other texts with a run's models")
    .description(
      "Scores texts with every fold's model of a completed run, takes the mean of the probabilities and applies the run's thresholds.",
    )
    .option('--probabilities', 'write the probabilities, p_<label>, in place of the labels')
    .option(
      '--threshold <number>',
      "decide by it in place of the run's thresholds; label=number for one label (repeatable)",
      collectThreshold,
    )
    .option(
      '--output <file>',
      'where to; - is standard output (default: submission.csv, or predictions.csv with --probabilities)',
    )
    .option('--force', 'overwrite a file that is there')
    .addHelpText(
      'after',
      `
Examples:
  foldwise predict RUN texts.csv --output labels.csv
  foldwise predict RUN texts.csv --threshold 0.5 --threshold joy=0.3
  foldwise predict RUN - --probabilities --output - < texts.csv > probabilities.csv`,
    )
    .action(async (run: string, csv: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<PredictArguments>();
      const workdir = workdirAt(options.workdir);
      const own = await ensembleAt(run, workdir);
      const ensemble =
        options.threshold === undefined
          ? own
          : { ...own, definition: withThresholds(own.definition, options.threshold) };
      const kind = options.probabilities === true ? 'predictions' : 'submission';
      if (kind === 'predictions' && options.threshold !== undefined) throw undecided();
      const output = options.output ?? `${kind}.csv`;
      const target = output === stream ? null : resolve(output);
      if (target !== null && options.force !== true) requireNew(target);
      if (target === null && options.json === true) throw oneStream();
      const { rows, models, warnings } = await predictTable({
        source: csv === stream ? process.stdin : csv,
        ensemble,
        workdir: workdir.path,
        kind,
        target: target ?? ((file) => pipeline(createReadStream(file), process.stdout, { end: false })),
        onProgress: (text) => console.note(text),
      });
      if (options.json === true && target !== null) {
        const facts = { run: ensemble.run, output: target, kind, rows, models, warnings } as const;
        return printJson(console, predictedTableSchema, facts);
      }
      for (const warning of warnings) console.note(`warning: ${warning}`);
      const done = `${count(rows)} rows, by ${modelCount(models)}`;
      if (target === null) console.note(done);
      else console.print(`${target}: ${done}`);
    });
}

/** Before hours of scoring, not after them. */
function requireNew(target: string): void {
  if (!existsSync(target)) return;
  throw new InputFault({
    where: target,
    what: 'there is a file of this name already',
    remedy: 'Name another one by --output, or overwrite it with --force.',
  });
}

function undecided(): InputFault {
  return new InputFault({
    where: '--threshold',
    what: 'probabilities are written as they are, whatever the thresholds',
    remedy: 'Leave out --threshold, or --probabilities.',
  });
}

function oneStream(): InputFault {
  return new InputFault({
    where: 'standard output',
    what: 'the table and the facts of --json would both go there',
    remedy: 'Write the table into a file.',
  });
}

function modelCount(models: number): string {
  return models === 1 ? '1 model' : `${models} models`;
}
