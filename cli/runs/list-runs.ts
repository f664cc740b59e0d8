import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowExecutionInfo } from '@temporalio/client';
import { searchAttributes } from '../../workflows/search-attributes.js';
import type { ServerLink } from '../connection.js';
import type { ListedRun } from '../facts/run-list.js';
import type { Workdir } from '../workdir.js';
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
    ...(await Promise.all(known.map((info) => knownRun(info, workdir)))),
    ...(await Promise.all(local.filter(({ run }) => !names.has(run)).map(localRun))),
  ];
  return runs.sort((a, b) => b.startedAt.localeCompare(a.startedAt));
}

async function knownRun(info: WorkflowExecutionInfo, workdir: Workdir): Promise<ListedRun> {
  const run = runOf(info);
  const directory = join(workdir.runs, run);
  const here = existsSync(directory);
  const state = stateOf(info);
  const score = info.typedSearchAttributes.get(searchAttributes.macroF1);
  return {
    run,
    workflowId: info.workflowId,
    state,
    crossFitted: score ?? (here && state === 'completed' ? await scoreIn(directory) : null),
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
    crossFitted: completed ? await scoreIn(directory) : null,
    startedAt: startedAt.toISOString(),
    seconds: completed ? Math.max(0, (result.mtimeMs - startedAt.getTime()) / 1000) : null,
    directory,
  };
}

async function scoreIn(directory: string): Promise<number | null> {
  const result = await readResult(directory).catch(() => null);
  const score = result?.macroF1?.crossFitted;
  return typeof score === 'number' && Number.isFinite(score) ? score : null;
}
