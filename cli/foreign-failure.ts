import type { ScheduleNotFoundError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import type { NamespaceNotFoundError, WorkflowNotFoundError } from '@temporalio/common';
import { systemCode } from '../errors/system-codes.js';

/**
 * What an error of Temporal, of gRPC or of the operating system means to a person, with what to do; null
 * for one that is none of them. The one place that puts their words into ours.
 */
export function explain(error: Error): string | null {
  return ofTemporal(error) ?? ofGrpc(error) ?? ofSystem(error);
}

/** By the name that its class gives an error: what is wrong with a table is told without loading Temporal. */
function is<E extends Error>(error: Error, name: string): error is E {
  return error.name === name;
}

function ofTemporal(error: Error): string | null {
  if (is<ScheduleNotFoundError>(error, 'ScheduleNotFoundError'))
    return `schedule ${error.scheduleId}: the server knows no such schedule. \`foldwise schedule list\` names those there are.`;
  if (is<NamespaceNotFoundError>(error, 'NamespaceNotFoundError'))
    return `namespace ${error.namespace}: the server does not know it. Create it there, or set TEMPORAL_NAMESPACE to one that it has.`;
  if (is<WorkflowUpdateRPCTimeoutOrCancelledError>(error, 'WorkflowUpdateRPCTimeoutOrCancelledError'))
    return 'the run did not answer in time: no worker may be there. Start one with `foldwise dev` or `foldwise worker`, and try again.';
  // The worker's connection, which is native, knows no class of its own for it.
  if (error.name === 'TransportError')
    return 'the Temporal server cannot be reached. Check that it runs, and that TEMPORAL_ADDRESS names it.';
  if (!is<WorkflowNotFoundError>(error, 'WorkflowNotFoundError')) return null;
  const run = error.workflowId === '' ? 'the run' : `run ${error.workflowId}`;
  return error.message.includes('already completed')
    ? `${run} has ended: nothing can be decided or ended in it any more. \`foldwise status\` shows how it ended.`
    : `${run}: the server knows no such run. \`foldwise runs\` names those there are.`;
}

/** By gRPC's status codes. */
const grpc: ReadonlyMap<number, string> = new Map([
  [3, 'the Temporal server refuses the request as it is'],
  [
    4,
    'the Temporal server did not answer in time; nothing that was recorded is lost. Run the same command again.',
  ],
  [
    7,
    'the Temporal server refuses this user. Check TEMPORAL_API_KEY or the certificate, and TEMPORAL_NAMESPACE.',
  ],
  [8, 'the Temporal server has more to do than it allows itself. Run the same command again in a moment.'],
  [12, 'the Temporal server is too old for this command. Use a later one.'],
  [
    14,
    'the Temporal server stopped answering; nothing that was recorded is lost. Run the same command again.',
  ],
  [16, 'the Temporal server does not know this user. Check TEMPORAL_API_KEY or the certificate.'],
]);

function ofGrpc(error: Error): string | null {
  const { code, details } = error as { code?: unknown; details?: unknown };
  if (typeof code !== 'number') return null;
  // A client's message begins with the number; that of a worker's connection has a name alone.
  if (!error.message.startsWith(`${code} `) && error.name !== 'ServiceError') return null;
  const meaning = grpc.get(code) ?? 'the Temporal server reports a fault of its own';
  // What it refuses it names; the other codes say all there is to say.
  return code === 3 && typeof details === 'string' && details !== '' ? `${meaning}: ${details}` : meaning;
}

/** What a call of the operating system ran into. */
export interface SystemFailure {
  /** The file or address that it was about. */
  readonly place: string;
  readonly meaning: string;
  readonly remedy: string;
}

/** Null for an error that is none of the operating system's, or of a code that is not known. */
export function systemFailure(error: unknown): SystemFailure | null {
  if (!(error instanceof Error)) return null;
  const { code, path, address, port, hostname, syscall } = error as NodeJS.ErrnoException & {
    readonly address?: string;
    readonly port?: number;
    readonly hostname?: string;
  };
  const known = typeof code === 'string' ? systemCode(code) : undefined;
  if (known === undefined) return null;
  const peer =
    address === undefined ? hostname : [address, port].filter((part) => part !== undefined).join(':');
  const { meaning, remedy, otherwise } = known;
  return {
    place: path ?? peer ?? syscall ?? 'the operating system',
    meaning,
    remedy: otherwise === undefined ? `${remedy}.` : `${remedy}, or ${otherwise}.`,
  };
}

function ofSystem(error: Error): string | null {
  const failure = systemFailure(error);
  return failure === null ? null : `${failure.place}: ${failure.meaning}. ${failure.remedy}`;
}
