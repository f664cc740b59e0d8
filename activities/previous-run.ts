import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { namePattern } from '../pipeline/schema.js';
import type { PreviousRun, RunResult } from '../report/run-result.js';
import { readResultFile } from './result-file.js';

type Scores = RunResult['macroF1'];

/** The latest other run of the same pipeline in this workdir, and how far the scores moved since. */
export async function previousRun(
  runsDirectory: string,
  current: Pick<RunResult, 'run' | 'pipeline' | 'macroF1'>,
): Promise<PreviousRun | null> {
  let latest: { readonly result: RunResult; readonly at: number } | null = null;
  for (const run of await readdir(runsDirectory).catch(() => [])) {
    if (run === current.run || !namePattern.test(run)) continue;
    const found = await readResult(join(runsDirectory, run, 'result.json'));
    if (found?.result.pipeline === current.pipeline && found.at > (latest?.at ?? 0)) latest = found;
  }
  if (latest === null) return null;
  const { run, macroF1 } = latest.result;
  return { run, macroF1, change: difference(current.macroF1, macroF1) };
}

/** A run that has none, or an unreadable one, is no reason to fail this one. */
async function readResult(path: string): Promise<{ result: RunResult; at: number } | null> {
  try {
    const result = await readResultFile(path);
    return result === null ? null : { result, at: (await stat(path)).mtimeMs };
  } catch {
    return null;
  }
}

function difference(now: Scores, before: Scores): Scores {
  return {
    atHalf: now.atHalf - before.atHalf,
    tuned: now.tuned - before.tuned,
    crossFitted: now.crossFitted - before.crossFitted,
  };
}
