import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { renderReport } from '../../report/page.js';
import { writtenReportSchema } from '../facts/run-control.js';
import { printsJson, takesRun, type GlobalOptions, type JsonOption } from '../options.js';
import { readOutOfFold } from '../runs/out-of-fold.js';
import { readResult } from '../runs/results.js';
import { runDirectory } from '../runs/run-directory.js';
import { readShownTexts } from '../runs/shown-texts.js';
import { writeDurably } from '../../store/durable-file.js';
import { printJson, type Console } from '../terminal/console.js';
import { workdirAt } from '../workdir.js';

interface ReportArguments extends GlobalOptions, JsonOption {
  readonly output?: string;
  readonly texts: boolean;
}

/** `foldwise report RUN`: writes a run's report anew, from the numbers in its directory. */
export function addReport(program: Command, console: Console): void {
  printsJson(takesRun(program.command('report')))
    .summary("write a run's report anew")
    .description(
      'Draws the report of a completed run from its result.json and its out-of-fold predictions, and prints where it is.',
    )
    .option('--output <file>', "where to (default: report.html in the run's directory)")
    .option('--no-texts', 'show no text of the data')
    .action(async (run: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ReportArguments>();
      const directory = await runDirectory(run, workdirAt(options.workdir));
      const result = await readResult(directory);
      const outOfFold = await readOutOfFold(directory, result);
      const texts = options.texts ? await readShownTexts(directory, result) : undefined;
      const input = { result, outOfFold, ...(texts === undefined ? {} : { texts }) };
      const target = resolve(options.output ?? join(directory, 'report.html'));
      // In its place a new file: the old one may be a link to the store's.
      await writeDurably(target, renderReport(input));
      if (options.json === true)
        return printJson(console, writtenReportSchema, { run: result.run, report: target });
      console.print(target);
    });
}
