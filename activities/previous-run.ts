import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { namePattern } from '../pipeline/schema.js';
import type { PreviousRun, RunResult } from '../report/run-result.js';
import { parseResult, readResultFile } from './result-file.js';
import type { RunServices } from './run-directory.js';
import type { CompletedRun } from '../store/garbage/retention.js';

type Scores = RunResult['macroF1'];

/** A run's result, and when it came; of runs of any host when they began. */
interface DatedResult {
  readonly result: RunResult;
  readonly at: number;
}

/** The latest other run of the same pipeline in this workdir or its store, and how far the scores moved since. */
export async function previousRun(
  services: RunServices,
  current: Pick<RunResult, 'run' | 'pipeline' | 'macroF1'>,
): Promise<PreviousRun | null> {
  let latest: DatedResult | null = null;
  for await (const found of allResults(services)) {
    const { run, pipeline } = found.result;
    if (run === current.run || pipeline !== current.pipeline) continue;
    if (found.at > (latest?.at ?? 0)) latest = found;
  }
  if (latest === null) return null;
  const { run, macroF1 } = latest.result;
  return { run, macroF1, change: difference(current.macroF1, macroF1) };
}

/** The runs of the workdir or its store that have a result. */
export async function* completedRuns(services: RunServices): AsyncIterable<CompletedRun> {
  for await (const { result, at } of allResults(services))
    yield { run: result.run, pipeline: result.pipeline, at };
}

function allResults(services: RunServices): AsyncIterable<DatedResult> {
  return services.results === null ? resultsHere(services) : storedResults(services);
}

async function* resultsHere({ runsDirectory }: RunServices): AsyncIterable<DatedResult> {
  for (const run of await readdir(runsDirectory).catch(() => [])) {
    if (!namePattern.test(run)) continue;
    const found = await readResult(join(runsDirectory, run, 'result.json'));
    if (found !== null) yield found;
  }
}

/** Of runs whose files are anywhere. */
async function* storedResults({ store, results }: RunServices): AsyncIterable<DatedResult> {
  if (results === null) return;
  for await (const { files, startedAt } of results.runs.list()) {
    const ref = files['result.json'];
    if (ref === undefined) continue;
    try {
      const text = new TextDecoder().decode(await store.getBytes(ref));
      yield { result: parseResult(text, ref.uri), at: Date.parse(startedAt) };
    } catch {
      // One that cannot be read is no reason to fail this run.
    }
  }
}

/** A run that has none, or an unreadable one, is no reason to fail this one. */
async function readResult(path: string): Promise<DatedResult | null> {
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
