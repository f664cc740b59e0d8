import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowExecutionInfo } from '@temporalio/client';
import { concurrently } from '../../activities/concurrently.js';
import { foldTotal } from '../../pipeline/folds.js';
import { axesOf, memberCount } from '../../pipeline/matrix.js';
import { searchAttributes } from '../../workflows/search-attributes.js';
import type { ServerLink } from '../connection.js';
import type { ListedRun } from '../facts/run-list.js';
import type { Workdir } from '../workdir.js';
import { dataFacts } from './data-facts.js';
import { latestRuns, runOf } from './find-run.js';
import { readLocalRuns, type LocalRun } from './local-runs.js';
import { stateOf } from './open-runs.js';
import { readResult } from './results.js';

/**
 * The runs that a server knows and those that have a directory in the workdir, the latest first; without a
 * server the latter alone.
 */
export async function listRuns(link: ServerLink | null, workdir: Workdir): Promise<ListedRun[]> {
  const known = link === null ? [] : await latestRuns(link.client);
  const local = await readLocalRuns(workdir);
  const names = new Set(known.map(runOf));
  const runs = [
    ...(await concurrently(known, readers, (info) => knownRun(info, workdir))),
    ...(await concurrently(
      local.filter(({ run }) => !names.has(run)),
      readers,
      localRun,
    )),
  ];
  return runs.sort((a, b) => b.startedAt.localeCompare(a.startedAt));
}

/** Results that are read at once: each may have megabytes. */
const readers = 8;

async function knownRun(info: WorkflowExecutionInfo, workdir: Workdir): Promise<ListedRun> {
  const run = runOf(info);
  const directory = join(workdir.runs, run);
  const here = existsSync(directory);
  const state = stateOf(info);
  const told = here && state === 'completed' ? await factsIn(directory) : untold;
  return {
    run,
    workflowId: info.workflowId,
    state,
    ...told,
    crossFitted: info.typedSearchAttributes.get(searchAttributes.macroF1) ?? told.crossFitted,
    startedAt: info.startTime.toISOString(),
    seconds:
      info.closeTime === undefined ? null : (info.closeTime.getTime() - info.startTime.getTime()) / 1000,
    directory: here ? directory : null,
  };
}

/** A directory tells that its run completed, by its result, and nothing else of how it ended. */
async function localRun({ run, directory, startedAt, execution }: LocalRun): Promise<ListedRun> {
  // Written at the run's end.
  const result = await stat(join(directory, 'result.json')).catch(() => null);
  const completed = result !== null;
  return {
    run,
    workflowId: execution?.workflowId ?? null,
    state: completed ? 'completed' : null,
    ...(completed ? await factsIn(directory) : untold),
    startedAt: startedAt.toISOString(),
    seconds: completed ? Math.max(0, (result.mtimeMs - startedAt.getTime()) / 1000) : null,
    directory,
  };
}

type ResultFacts = Pick<ListedRun, 'crossFitted' | 'interval' | 'data' | 'folds' | 'members'>;

const untold: ResultFacts = { crossFitted: null, interval: null, data: null, folds: null, members: null };

/** What the result in a directory tells; nothing of it where it is none of this version's. */
async function factsIn(directory: string): Promise<ResultFacts> {
  const result = await readResult(directory).catch(() => null);
  if (result === null) return untold;
  const { macroF1, assessment, configuration } = result;
  const interval = assessment?.macro.intervals.crossFitted;
  return {
    crossFitted: Number.isFinite(macroF1.crossFitted) ? macroF1.crossFitted : null,
    interval: interval?.every(Number.isFinite) === true ? [...interval] : null,
    data: dataFacts(result),
    folds: foldTotal(configuration.folds),
    members: memberCount(axesOf(configuration)),
  };
}
