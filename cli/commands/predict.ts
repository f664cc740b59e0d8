import { Option, type Command } from 'commander';
import { textFormats } from '../../data/text-stream/format.js';
import { printsJson, runNames, takesOneDevice } from '../options.js';
import { takesColumns } from '../predict/columns.js';
import { outputFormats } from '../predict/output-formats.js';
import { collectThreshold } from '../predict/other-thresholds.js';
import type { Console } from '../terminal/console.js';
import { whenRun } from '../when-run.js';

/** `foldwise predict RUN|FOLDER FILE`: an ensemble on texts of any number. */
export function addPredict(program: Command, console: Console): void {
  takesOneDevice(takesColumns(printsJson(program.command('predict'))), 'the models compute')
    .argument('<ensemble>', `${runNames}; or the folder of an exported ensemble`)
    .argument('<file>', 'the texts: CSV, TSV or JSON lines, columns as in the pipeline; - is standard input')
    .summary("label other texts with a run's models")
    .description(
      'Scores texts of any number with every model of an ensemble, takes the mean of the probabilities and applies its thresholds.',
    )
    .addOption(
      new Option('--format <format>', "of the texts (default: by the file's name, else csv)").choices(
        textFormats,
      ),
    )
    .option(
      '--probabilities',
      'write the probabilities: as p_<label> in place of the labels, or in JSON beside them',
    )
    .option(
      '--threshold <number>',
      "decide by it in place of the ensemble's thresholds; label=number for one label (repeatable)",
      collectThreshold,
    )
    .option('--int8', 'in 8 bits: of a folder that was exported with them')
    .option(
      '--output <file>',
      'where to; - is standard output (default: submission or predictions, with the name of the format)',
    )
    .addOption(
      new Option(
        '--output-format <format>',
        "of what is written (default: by the output's name, else csv)",
      ).choices(outputFormats),
    )
    .option('--resume', 'go on where the same command was cut off')
    .option('--force', 'overwrite a file that is there')
    .addHelpText(
      'after',
      `
Examples:
  foldwise predict RUN texts.csv --output labels.csv
  foldwise predict RUN texts.csv --output labels.csv --resume
  foldwise predict RUN texts.csv --threshold 0.5 --threshold joy=0.3
  foldwise predict exported/ texts.jsonl --probabilities --output scores.jsonl
  zcat texts.tsv.gz | foldwise predict RUN - --format tsv --output - > labels.csv`,
    )
    .action(whenRun(console, async () => (await import('../actions/predict.js')).predict));
}
