import type { Client, WorkflowHandle } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import { InputFault } from '../../errors/fault.js';

/** How many of the latest runs are searched for a run id, and listed where none fits. */
const searched = 1000;
const listed = 5;

/**
 * The run that a person names: by workflow id (its latest run then), or by the id of the run's directory.
 *
 * @throws InputFault naming the latest runs there are
 */
export async function findRun(client: Client, name: string): Promise<WorkflowHandle> {
  const handle = client.workflow.getHandle(name);
  try {
    await handle.describe();
    return handle;
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
  const known: string[] = [];
  for await (const { memo, workflowId, runId } of client.workflow.list({
    query: 'WorkflowType = "pipeline"',
    pageSize: 200,
  })) {
    const run = memo?.['run'];
    if (run === name) return client.workflow.getHandle(workflowId, runId);
    known.push(typeof run === 'string' ? run : workflowId);
    if (known.length >= searched) break;
  }
  throw new InputFault({
    where: `run ${name}`,
    what: 'the server knows no such run',
    found: known.length === 0 ? 'no run at all' : known.slice(0, listed).join(', '),
    remedy: 'Name one of its runs, or reach the right server by --workdir or TEMPORAL_ADDRESS.',
  });
}
