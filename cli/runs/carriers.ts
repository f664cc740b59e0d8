import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import { EnvironmentFault } from '../../errors/fault.js';

/** A worker asks for work at least this often; one that has not asked for longer is gone. */
const askMs = 70_000;

/** Temporal's `TASK_QUEUE_TYPE_WORKFLOW`. */
const workflowTasks = 1;

/** Temporal's `WORKER_VERSIONING_MODE_VERSIONED`. */
const versioned: temporal.api.enums.v1.WorkerVersioningMode = 2;

type Description = Pick<WorkflowExecutionDescription, 'taskQueue' | 'raw'>;

/**
 * Why no worker answers for a run although some ask for its tasks: they have another version of the code
 * than the one that carried it. Null where that is not so, or not known.
 */
export async function otherVersion(
  client: Client,
  run: string,
  { taskQueue, raw }: Description,
): Promise<EnvironmentFault | null> {
  const carrier = carrierOf(raw);
  if (carrier === null) return null;
  const there = versionsOf(await pollersOn(client, taskQueue));
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

/**
 * Why nobody has taken up a run although workers are there: they are versions of a deployment, and none of them is
 * the current one. Null where that is not so, or not known.
 */
export async function noCurrentVersion(
  client: Client,
  run: string,
  { taskQueue, raw }: Description,
): Promise<EnvironmentFault | null> {
  if (carrierOf(raw) !== null) return null;
  const there = await pollersOn(client, taskQueue);
  const [deployment, ...others] = new Set(
    there.map(({ deploymentOptions }) =>
      deploymentOptions?.workerVersioningMode === versioned ? (deploymentOptions.deploymentName ?? '') : '',
    ),
  );
  if (deployment === undefined || deployment === '' || others.length > 0) return null;
  const builds = versionsOf(there);
  return new EnvironmentFault({
    where: `run ${run}`,
    what: `nobody takes it up: the workers that are there are versions of the deployment ${deployment}, and none is current`,
    found: builds.join(', '),
    remedy: `Choose one: temporal worker deployment set-current-version --deployment-name ${deployment} --build-id ${builds[0] ?? 'ID'}.`,
  });
}

/** The version that carried it last; null before anybody has. A run of a deployment is known by its version there. */
function carrierOf(raw: Description['raw']): string | null {
  const { mostRecentWorkerVersionStamp, versioningInfo } = raw.workflowExecutionInfo ?? {};
  const carrier = versioningInfo?.deploymentVersion?.buildId ?? mostRecentWorkerVersionStamp?.buildId;
  return carrier == null || carrier === '' ? null : carrier;
}

type Poller = NonNullable<
  Awaited<ReturnType<Client['workflowService']['describeTaskQueue']>>['pollers']
>[number];

async function pollersOn(client: Client, name: string): Promise<Poller[]> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name },
    taskQueueType: workflowTasks,
  });
  const since = Date.now() - askMs;
  return (pollers ?? []).filter(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000 > since);
}

function versionsOf(pollers: readonly Poller[]): string[] {
  const versions = pollers.map(
    ({ deploymentOptions, workerVersionCapabilities }) =>
      deploymentOptions?.buildId ?? workerVersionCapabilities?.buildId ?? '',
  );
  return [...new Set(versions.filter((version) => version !== ''))].toSorted();
}
