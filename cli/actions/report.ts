import { join, resolve } from 'node:path';
import { renderReport } from '../../report/page.js';
import { writtenReportSchema } from '../facts/run-control.js';
import type { GlobalOptions, JsonOption } from '../options.js';
import { readOutOfFold } from '../runs/out-of-fold.js';
import { readResult } from '../runs/results.js';
import { runDirectory } from '../runs/run-directory.js';
import { readShownTexts } from '../runs/shown-texts.js';
import { writeDurably } from '../../store/durable-file.js';
import { printJson, type Console } from '../terminal/console.js';
import { workdirAt } from '../workdir.js';

interface ReportOptions extends GlobalOptions, JsonOption {
  readonly output?: string;
  readonly texts: boolean;
}

export async function report(console: Console, options: ReportOptions, run: string): Promise<void> {
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
}
