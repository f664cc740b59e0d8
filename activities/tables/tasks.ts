import { storageFault } from '../../store/faults.js';

/**
 * What is done over whole tables, in a process of its own, which loads what its task needs. Requests and
 * results are small and plain JSON; tables, probabilities and what is made of them are files.
 */
export const tableTasks = {
  prepare: loaded(async () => (await import('../../data/dataset.js')).prepareTables),
  aggregate: loaded(async () => (await import('./aggregate-folds.js')).aggregateFolds),
  score: loaded(async () => (await import('./score-table.js')).scoreTable),
  issues: loaded(async () => (await import('./label-issues.js')).findIssues),
  submit: loaded(async () => (await import('./submission.js')).writeSubmission),
  cut: loaded(async () => (await import('./cut-table.js')).cutTable),
  chunk: loaded(async () => (await import('./prepared-chunk.js')).prepareChunk),
  scores: loaded(async () => (await import('./written-scores.js')).writeScores),
  join: loaded(async () => (await import('./joined-chunks.js')).joinChunks),
  reference: loaded(async () => (await import('./drift-reference.js')).writeReference),
  compare: loaded(async () => (await import('./compared-sketches.js')).compareSketches),
  report: loaded(async () => (await import('./report-page.js')).writePage),
} as const;

/** A task, its modules loaded when it is done. */
function loaded<Request, Result>(load: () => Promise<(request: Request) => Result | Promise<Result>>) {
  return async (request: Request): Promise<Result> => (await load())(request);
}

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
  const work = tableTasks[task] as (request: TaskRequest<T>) => Promise<TaskResult<T>>;
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
