import type { Client, WorkflowExecutionInfo, WorkflowHandle } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import { InputFault } from '../../errors/fault.js';
import { runNameOf } from '../../pipeline/run-name.js';
import type { Workdir } from '../workdir.js';
import { findLocalRun, isNameOf, latest, nameOfPath, unknownRun } from './run-directory.js';

/** How many of the latest runs are searched for a name that the server cannot look up itself. */
const searched = 1000;

/** A run that the server knows. */
export interface FoundRun {
  /** The run's id: the name of its directory. */
  readonly run: string;
  readonly handle: WorkflowHandle;
}

/**
 * The run that a person names, by any of its names: `latest`, the run's id, its workflow id (its latest run
 * then), the id of the workflow's run, or the path of the run's directory.
 *
 * @throws InputFault naming the latest runs there are
 */
export async function findRun(client: Client, given: string, workdir: Workdir): Promise<FoundRun> {
  const name = nameOfPath(given, workdir);
  if (name !== latest) {
    const direct = (await lookUp(client, name)) ?? (await lookUpLocally(client, name, workdir));
    if (direct !== null) return direct;
  }
  const runs = await latestRuns(client);
  const found = name === latest ? runs[0] : runs.find((info) => runOf(info) === name || isNameOf(name, info));
  if (found !== undefined) return { run: runOf(found), handle: handleOf(client, found) };
  throw unknownRun(given, runs.map(runOf), {
    what: 'the server knows no such run',
    remedy: 'Name one of its runs, or reach the right server by --workdir or TEMPORAL_ADDRESS.',
  });
}

/**
 * The latest runs of pipelines in a namespace, the one that was started last first. `which` narrows the
 * query, as in ` AND ExecutionStatus = "Running"`.
 */
export async function latestRuns(client: Client, which = ''): Promise<WorkflowExecutionInfo[]> {
  const runs: WorkflowExecutionInfo[] = [];
  // The server gives open runs first, then those that ended last.
  for await (const info of client.workflow.list({
    query: `WorkflowType = "pipeline"${which}`,
    pageSize: 200,
  })) {
    runs.push(info);
    if (runs.length >= searched) break;
  }
  return runs.sort((a, b) => b.startTime.getTime() - a.startTime.getTime());
}

/** A run's id: the name of its directory. */
export function runOf({
  memo,
  workflowId,
  runId,
}: Pick<WorkflowExecutionInfo, 'memo' | 'workflowId' | 'runId'>): string {
  const run = memo?.['run'];
  return typeof run === 'string' ? run : runNameOf({ workflowId, runId });
}

export function handleOf(
  client: Client,
  { workflowId, runId }: Pick<WorkflowExecutionInfo, 'workflowId' | 'runId'>,
): WorkflowHandle {
  return client.workflow.getHandle(workflowId, runId);
}

async function lookUp(client: Client, workflowId: string, runId?: string): Promise<FoundRun | null> {
  try {
    const info = await client.workflow.getHandle(workflowId, runId).describe();
    if (info.type === 'score') throw notARun(workflowId);
    return info.type === 'pipeline' ? { run: runOf(info), handle: handleOf(client, info) } : null;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

function notARun(workflowId: string): InputFault {
  return new InputFault({
    where: workflowId,
    what: 'this is the scoring of a table, not a run of a pipeline',
    remedy:
      'The same `foldwise score` again follows it, `temporal workflow query --type progress` asks how far it is, and `foldwise cancel` ends it.',
  });
}

/** The directory of a run tells its workflow, also of one that began before the listing's end. */
async function lookUpLocally(client: Client, name: string, workdir: Workdir): Promise<FoundRun | null> {
  const execution = (await findLocalRun(name, workdir))?.execution ?? null;
  return execution === null ? null : lookUp(client, execution.workflowId, execution.runId);
}
