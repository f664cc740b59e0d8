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
import { storedResult } from './stored-runs.js';

/**
 * The runs that a server knows and those that have a directory in the workdir, the latest first; without a
 * server the latter alone.
 */
export async function listRuns(link: ServerLink | null, workdir: Workdir): Promise<ListedRun[]> {
  const known = link === null ? [] : await latestRuns(link.client);
  const local = await readLocalRuns(workdir);
  const names = new Set(known.map(runOf));
  const found = new Map(local.map((run) => [run.run, run]));
  const runs = [
    ...(await concurrently(known, readers, (info) => knownRun(info, workdir, found.get(runOf(info))))),
    ...(await concurrently(
      local.filter(({ run }) => !names.has(run)),
      readers,
      (run) => localRun(run, workdir),
    )),
  ];
  return runs.sort((a, b) => b.startedAt.localeCompare(a.startedAt));
}

/** Results that are read at once: each may have megabytes. */
const readers = 8;

async function knownRun(
  info: WorkflowExecutionInfo,
  workdir: Workdir,
  local: LocalRun | undefined,
): Promise<ListedRun> {
  const run = runOf(info);
  const directory = join(workdir.runs, run);
  const here = existsSync(directory);
  const state = stateOf(info);
  const told = local !== undefined && state === 'completed' ? await factsOf(local, workdir) : untold;
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

/** A run's files tell that it completed, by its result, and nothing else of how it ended. */
async function localRun(local: LocalRun, workdir: Workdir): Promise<ListedRun> {
  const { run, directory, startedAt, execution, stored } = local;
  // Written at the run's end.
  const result = await stat(join(directory, 'result.json')).catch(() => null);
  const completed = result !== null || stored?.files['result.json'] !== undefined;
  return {
    run,
    workflowId: execution?.workflowId ?? null,
    state: completed ? 'completed' : null,
    ...(completed ? await factsOf(local, workdir) : untold),
    startedAt: startedAt.toISOString(),
    // Of one that others made no file tells when it ended.
    seconds:
      result === null || stored !== null ? null : Math.max(0, (result.mtimeMs - startedAt.getTime()) / 1000),
    directory: existsSync(directory) ? directory : null,
  };
}

type ResultFacts = Pick<ListedRun, 'crossFitted' | 'interval' | 'data' | 'folds' | 'members'>;

const untold: ResultFacts = { crossFitted: null, interval: null, data: null, folds: null, members: null };

/** What a run's result tells; nothing of it where it is none of this version's. */
async function factsOf({ directory, stored }: LocalRun, workdir: Workdir): Promise<ResultFacts> {
  const read = stored === null ? readResult(directory) : storedResult(workdir, stored);
  const result = await read.catch(() => null);
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
