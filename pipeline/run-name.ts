/** A workflow's execution, as its id and that of its run name it. */
export interface Execution {
  readonly workflowId: string;
  readonly runId: string;
}

/**
 * The id of a run that was started without one: made of the workflow's id and its run's, so that a second
 * run under the same workflow id has a folder of its own. `emotions` becomes `emotions-01a21460`.
 */
export function runNameOf({ workflowId, runId }: Execution): string {
  const readable = workflowId.replaceAll(/[^A-Za-z0-9_.-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  return `${readable.slice(0, 48) || 'run'}-${runId.slice(0, 8)}`;
}
