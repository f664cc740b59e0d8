import { resolve } from 'node:path';
import { renderComparison } from '../../report/comparison/page.js';
import { writeDurably } from '../../store/durable-file.js';
import { compareRuns } from '../comparison/comparison.js';
import { comparisonFacts } from '../comparison/facts.js';
import { readJudgedRun } from '../comparison/judged-run.js';
import { comparisonSchema } from '../facts/comparison.js';
import type { GlobalOptions, JsonOption } from '../options.js';
import { runDirectory } from '../runs/run-directory.js';
import { comparisonLines } from '../terminal/comparison-lines.js';
import { printJson, type Console } from '../terminal/console.js';
import { paint, wantsColor } from '../terminal/paint.js';
import { workdirAt } from '../workdir.js';

interface CompareOptions extends GlobalOptions, JsonOption {
  readonly page?: string;
}

export async function compare(
  console: Console,
  options: CompareOptions,
  first: string,
  others: readonly string[],
): Promise<void> {
  const workdir = workdirAt(options.workdir);
  const read = async (run: string) => readJudgedRun(await runDirectory(run, workdir));
  const base = await read(first);
  const runs = [];
  for (const run of others) runs.push(await read(run));
  const comparison = compareRuns([base, ...runs]);
  if (options.page !== undefined) {
    const target = resolve(options.page);
    await writeDurably(target, renderComparison(comparison));
    console.note(`The page: ${target}`);
  }
  if (options.json === true) return printJson(console, comparisonSchema, comparisonFacts(comparison));
  for (const line of comparisonLines(comparison, paint(wantsColor(process.stdout)))) console.print(line);
}
