import type { Command } from 'commander';
import { takesColumns } from '../predict/columns.js';
import { collectThreshold } from '../predict/other-thresholds.js';

/** Adds what is said of a scoring besides what is scored by what. */
export function takesScoreOptions(command: Command): Command {
  return takesColumns(command)
    .option('--probabilities', 'write the probabilities, p_<label>, in place of the labels')
    .option(
      '--threshold <number>',
      "decide by it in place of the ensemble's thresholds; label=number for one label (repeatable)",
      collectThreshold,
    )
    .option('--int8', 'in 8 bits: of a folder that was exported with them');
}
