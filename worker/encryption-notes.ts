import type { NativeConnection } from '@temporalio/worker';
import { keyIdOf } from '../payloads/encrypted-payloads.js';
import { keysFileVariable, type EncryptionKeys } from '../payloads/encryption-keys.js';

export interface NamespaceOfWorker {
  readonly connection: NativeConnection;
  readonly namespace: string;
}

/** Of so many open runs it is looked which keys they need. */
const mostLookedAt = 200;

/** What a person should know of a worker's keys before it works, a sentence each. */
export async function encryptionNotes(
  place: NamespaceOfWorker,
  keys: EncryptionKeys | null,
): Promise<string[]> {
  const missing = [...(await keysOfOpenRuns(place))].filter((id) => keys?.byId.has(id) !== true);
  const why = keys === null ? `it has none (${keysFileVariable})` : 'it has others';
  return [
    ...(keys?.warning == null ? [] : [keys.warning]),
    ...missing.map(
      (id) =>
        `Open runs are encrypted with the key ${id}, which this worker does not have: ${why}. It cannot work for them; they wait for a worker that has it.`,
    ),
  ];
}

/** The names of the keys that the memos of open runs are encrypted with. */
async function keysOfOpenRuns({ connection, namespace }: NamespaceOfWorker): Promise<Set<string>> {
  const query = 'WorkflowType IN ("pipeline", "score") AND ExecutionStatus = "Running"';
  const { executions } = await connection.workflowService.listWorkflowExecutions({
    namespace,
    query,
    pageSize: mostLookedAt,
  });
  const payloads = (executions ?? []).flatMap(({ memo }) => Object.values(memo?.fields ?? {}));
  return new Set(payloads.flatMap((payload) => keyIdOf(payload) ?? []));
}
