import type { WorkflowExecutionDescription } from '@temporalio/client';

type Pending = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];
export type AttemptFailure = NonNullable<Pending['lastFailure']>;

/** How the attempt before an activity's current one ended. */
export interface LastAttempt {
  /** Why it failed; null where there was none, or where it was only handed over. */
  readonly lastFailure: string | null;
  /** Whether its worker was asked to stop, or it was paused: another attempt goes on. */
  readonly handedOver: boolean;
}

/** `TimeoutType` of a heartbeat that did not come. */
const heartbeatTimeout = 4;

/** The fault's own words; for what Temporal itself says of an attempt, ours. */
export function lastAttempt(failure: AttemptFailure | null | undefined): LastAttempt {
  if (failure == null) return { lastFailure: null, handedOver: false };
  const { message, canceledFailureInfo, applicationFailureInfo, timeoutFailureInfo } = failure;
  // The worker gives this type to what it had to give up as it stopped.
  if (canceledFailureInfo != null || applicationFailureInfo?.type === 'WorkerShutdown')
    return { lastFailure: null, handedOver: true };
  if (timeoutFailureInfo == null) return { lastFailure: message ?? null, handedOver: false };
  const silent = Number(timeoutFailureInfo.timeoutType) === heartbeatTimeout;
  const why = silent ? 'its worker went silent' : "it took longer than its step's timeout";
  return { lastFailure: why, handedOver: false };
}
