import { prepareTables } from '../../data/dataset.js';
import { storageFault } from '../../store/faults.js';
import { aggregateFolds } from './aggregate-folds.js';
import type { DataDigests } from '../../report/run-result.js';
import { compareSketches } from './compared-sketches.js';
import { cutTable } from './cut-table.js';
import { writeReference } from './drift-reference.js';
import { findIssues } from './label-issues.js';
import type { PageRequest } from './report-page.js';
import { prepareChunk } from './prepared-chunk.js';
import { joinChunks } from './joined-chunks.js';
import { writeScores } from './written-scores.js';
import { scoreTable } from './score-table.js';
import { writeSubmission } from './submission.js';

/**
 * What is done over whole tables, in a process of its own. Requests and results are small and plain JSON;
 * tables, probabilities and what is made of them are files.
 */
export const tableTasks = {
  prepare: prepareTables,
  aggregate: aggregateFolds,
  score: scoreTable,
  issues: findIssues,
  submit: writeSubmission,
  cut: cutTable,
  chunk: prepareChunk,
  scores: writeScores,
  join: joinChunks,
  reference: writeReference,
  compare: compareSketches,
  // The plots are loaded where they are drawn.
  report: async (request: PageRequest): Promise<DataDigests> =>
    (await import('./report-page.js')).writePage(request),
} as const;

export type TableTasks = typeof tableTasks;
export type TableTask = keyof TableTasks;
export type TaskRequest<T extends TableTask> = Parameters<TableTasks[T]>[0];
export type TaskResult<T extends TableTask> = Awaited<ReturnType<TableTasks[T]>>;

/** Does tasks over whole tables off this process's event loop. */
export interface TableWork {
  /**
   * @param signal once aborted, the work ends at once and `run` rejects; what it wrote is then not whole
   * @throws the Fault that the task raised, under its name
   */
  run<T extends TableTask>(task: T, request: TaskRequest<T>, signal: AbortSignal): Promise<TaskResult<T>>;
}

/** Does a task in this process. */
export async function runTableTask<T extends TableTask>(
  task: T,
  request: TaskRequest<T>,
): Promise<TaskResult<T>> {
  const work = tableTasks[task] as (request: TaskRequest<T>) => TaskResult<T> | Promise<TaskResult<T>>;
  try {
    return await work(request);
  } catch (error) {
    // A full disk, mostly: that may pass.
    throw storageFault(error, pathOf(error), 'working on a table');
  }
}

function pathOf(error: unknown): string {
  return error instanceof Error && 'path' in error && typeof error.path === 'string'
    ? error.path
    : 'the disk';
}
