import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { EnvironmentFault } from '../../errors/fault.js';

/** A worker asks for work at least this often; one that has not asked for longer is gone. */
const askMs = 70_000;

/** Temporal's `TASK_QUEUE_TYPE_WORKFLOW`. */
const workflowTasks = 1;

/**
 * Why no worker answers for a run although some ask for its tasks: they have another version of the code
 * than the one that carried it. Null where that is not so, or not known.
 */
export async function otherVersion(
  client: Client,
  run: string,
  { taskQueue, raw }: Pick<WorkflowExecutionDescription, 'taskQueue' | 'raw'>,
): Promise<EnvironmentFault | null> {
  const { mostRecentWorkerVersionStamp, versioningInfo } = raw.workflowExecutionInfo ?? {};
  // A run of a deployment is known by its version there.
  const carrier = versioningInfo?.deploymentVersion?.buildId ?? mostRecentWorkerVersionStamp?.buildId;
  if (carrier == null || carrier === '') return null;
  const there = await versionsOn(client, taskQueue);
  if (there.length === 0 || there.includes(carrier)) return null;
  return new EnvironmentFault({
    where: `run ${run}`,
    what: 'the workers that are there have another version of the code, and none of them answers for it',
    found: there.join(', '),
    expected: `${carrier}, which carried it last`,
    remedy:
      'Go on with that version, or cancel the run and start it again: what it finished is reused. docs/changing-the-workflow.md says more.',
  });
}

async function versionsOn(client: Client, name: string): Promise<string[]> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name },
    taskQueueType: workflowTasks,
  });
  const since = Date.now() - askMs;
  const recent = (pollers ?? []).filter(
    ({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000 > since,
  );
  const versions = recent.map(
    ({ deploymentOptions, workerVersionCapabilities }) =>
      deploymentOptions?.buildId ?? workerVersionCapabilities?.buildId ?? '',
  );
  return [...new Set(versions.filter((version) => version !== ''))].toSorted();
}
