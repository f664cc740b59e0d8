import type { Command } from 'commander';
import { printsJson, takesDevice, takesRun, takesShares } from '../options.js';
import { takesScoreOptions } from '../scoring/options.js';
import type { Console } from '../terminal/console.js';
import { whenRun } from '../when-run.js';

/** `foldwise score RUN|FOLDER TABLE`: server, worker and scoring in one. */
export function addScore(program: Command, console: Console): void {
  const score = takesScoreOptions(printsJson(takesRun(program.command('score'))));
  takesDevice(takesShares(score), 'the models compute')
    .summary('score a table in durable chunks: server, worker and scoring in one')
    .description(
      'Scores a table of any size by the ensemble of a completed run, or of an exported folder, chunk by chunk, and tells how far its rows are from the training rows. What was scored before is reused: stopped or killed, the same command goes on.',
    )
    .argument('<table>', 'the texts: a column as in the pipeline, ids if it has them')
    .option('--name <name>', 'the folder below scores/ (default: the table, the time and a digest)')
    .addHelpText(
      'after',
      `
Examples:
  foldwise score RUN reviews.csv
  foldwise score FOLDER reviews.csv --probabilities --name reviews-november`,
    )
    .action(whenRun(console, async () => (await import('../actions/score.js')).score));
}
