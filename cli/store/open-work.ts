import { graceMs, graceUnaskedMs } from '../../store/ages.js';
import type { ServerLink } from '../connection.js';
import { runOf } from '../runs/find-run.js';

/** What is open on a server: it may refer to all that was written since it began. */
export interface OpenWork {
  /** Their names, and the ids of their workflows. */
  readonly names: ReadonlySet<string>;
  /** When the first of them began; null where nothing is open. */
  readonly since: Date | null;
  /** Whether tables are being scored: with runs that these name, and no other does. */
  readonly scores: boolean;
}

/** All runs and scorings that are open. */
export async function openWork({ client }: ServerLink): Promise<OpenWork> {
  const names = new Set<string>();
  let since: Date | null = null;
  let scores = false;
  for (const type of ['pipeline', 'score']) {
    const query = `WorkflowType = "${type}" AND ExecutionStatus = "Running"`;
    for await (const info of client.workflow.list({ query, pageSize: 200 })) {
      names.add(runOf(info)).add(info.workflowId);
      if (since === null || info.startTime < since) since = info.startTime;
      scores ||= type === 'score';
    }
  }
  return { names, since, scores };
}

/**
 * What was written since then stays, whatever refers to it.
 *
 * @param now by the clock of the store @param open null where nobody was asked
 */
export function untouchedSince(now: number, open: OpenWork | null): number {
  if (open === null) return now - graceUnaskedMs;
  // How old the oldest is, by the clock that its start is of as far as that agrees with ours: see ages.ts.
  const oldest = open.since === null ? 0 : Math.max(0, Date.now() - open.since.getTime());
  return now - graceMs - oldest;
}
