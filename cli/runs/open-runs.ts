import type { WorkflowExecutionInfo } from '@temporalio/client';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { PipelineInput } from '../../activities/contracts.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { requireResolved } from '../../pipeline/resolved.js';
import type { RunState } from '../../workflows/progress.js';
import { searchAttributes } from '../../workflows/search-attributes.js';
import type { ServerLink } from '../connection.js';
import type { Workdir } from '../workdir.js';
import { decoded } from './decoded.js';
import { handleOf, latestRuns, runOf, type FoundRun } from './find-run.js';

/** A run that has not ended. */
export interface OpenRun extends FoundRun {
  readonly state: RunState;
  readonly startedAt: Date;
}

/**
 * The runs that are open in a workdir, but for the workflow of the id given. On a server that others use,
 * too, those are the ones that have a directory in it.
 */
export async function openRuns(link: ServerLink, workdir: Workdir, except: string): Promise<OpenRun[]> {
  const { client, uiUrl } = link;
  const open = await latestRuns(client, ' AND ExecutionStatus = "Running"');
  // The Web UI's address is known of the workdir's own server alone.
  const isHere = (run: string): boolean => uiUrl !== null || existsSync(join(workdir.runs, run));
  return open
    .filter((info) => info.workflowId !== except && isHere(runOf(info)))
    .map((info) => ({
      run: runOf(info),
      handle: handleOf(client, info),
      state: stateOf(info),
      startedAt: info.startTime,
    }));
}

/** What the listing knows of a run's state; that it waits only where the search attributes are registered. */
export function stateOf({ status, typedSearchAttributes }: WorkflowExecutionInfo): RunState {
  switch (status.name) {
    case 'COMPLETED':
      return 'completed';
    case 'CANCELLED':
    case 'TERMINATED':
      return 'cancelled';
    case 'RUNNING':
      return typedSearchAttributes.get(searchAttributes.state) === 'waiting' ? 'waiting' : 'running';
    default:
      return 'failed';
  }
}

/**
 * The resolved pipeline that a run was started with; null where its input names a file, which only a
 * worker reads.
 */
export async function pipelineOf(
  { client, namespace }: ServerLink,
  { handle }: FoundRun,
): Promise<Pipeline | null> {
  const { workflowExecutionInfo } = (await handle.describe()).raw;
  const { history } = await client.workflowService.getWorkflowExecutionHistory({
    namespace,
    execution: workflowExecutionInfo?.execution ?? null,
    maximumPageSize: 1,
  });
  const payload = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
  if (payload === undefined) return null;
  const input = (await decoded(client, payload)) as Partial<PipelineInput> | null;
  if (typeof input?.pipeline !== 'object' || input.overrides !== undefined) return null;
  try {
    return requireResolved(input.pipeline);
  } catch {
    return null;
  }
}
