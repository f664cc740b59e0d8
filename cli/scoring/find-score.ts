import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { handleOf, runOf, type FoundRun } from '../runs/find-run.js';

/** The scoring that has a workflow id, or the open one of a name; null where there is none. */
export async function findScore(client: Client, name: string): Promise<FoundRun | null> {
  const query = 'WorkflowType = "score" AND ExecutionStatus = "Running"';
  for await (const info of client.workflow.list({ query })) {
    if (runOf(info) === name) return { run: name, handle: handleOf(client, info) };
  }
  try {
    const info = await client.workflow.getHandle(name).describe();
    return info.type === 'score' ? { run: runOf(info), handle: handleOf(client, info) } : null;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}
