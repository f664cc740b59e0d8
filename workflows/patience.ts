import { ActivityCancellationType, type ActivityOptions } from '@temporalio/workflow';

/** Without a limit to the attempts: a worker may be lost and a disk full any number of times. */
export const patient: ActivityOptions = {
  startToCloseTimeout: '1h',
  // A worker that was killed is noticed after this time; activities beat every 3 s.
  heartbeatTimeout: '15s',
  // Short, since a fold that goes on from its checkpoint loses little but this wait.
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '10s' },
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
};
