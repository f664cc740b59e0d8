import type { Command } from 'commander';
import { defaultMaxLoss } from '../export/default-max-loss.js';
import { printsJson, runNames, share } from '../options.js';
import type { Console } from '../terminal/console.js';
import { whenRun } from '../when-run.js';

/** `foldwise export RUN DIR`: the ensemble of a run as a folder that others use. */
export function addExport(program: Command, console: Console): void {
  printsJson(program.command('export'))
    .argument('<run>', `${runNames}; with --verify the folder`)
    .argument('[folder]', 'where to: a new folder')
    .summary("write a run's ensemble as a folder for others")
    .description(
      'Writes the models of a completed run with their thresholds as a folder that foldwise, transformers, transformers.js and ONNX Runtime load. It is written whole or not at all.',
    )
    .option('--force', 'replace an export that is in the folder')
    .option('--int8', 'with models of 8 bits beside, where they lose no more than --max-loss')
    .option('--float16', 'with models beside whose weights are stored in float16, for half of the bytes')
    .option(
      '--max-loss <number>',
      `what int8 may lose of macro F1 on the rows that the folds held out (default: ${defaultMaxLoss})`,
      share,
    )
    .option('--verify', 'write nothing: compare every file of an exported folder with its hash')
    .addHelpText(
      'after',
      `
Examples:
  foldwise export latest model
  foldwise export --verify model`,
    )
    .action(whenRun(console, async () => (await import('../actions/export.js')).exportEnsemble));
}
