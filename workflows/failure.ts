import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';

/** Failures after which what a step reads has to be made again before the step itself is tried again. */
const lostArtifacts = ['ArtifactMissing', 'ArtifactDamaged'];

/** Why an activity failed, in the words of the fault that it threw. */
export function reasonOf(error: unknown): string {
  const cause = error instanceof ActivityFailure && error.cause !== undefined ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}

export function isLostArtifact(error: unknown): boolean {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof ApplicationFailure && lostArtifacts.includes(cause.type ?? '');
}

const changed = 'InputsChanged';

/** What was lost and made again is not what it was, and others have read the former. */
export function changedInputs(step: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(
    `${step}: what was lost and made again differs from what other steps have read: a table, the model or the engine has changed since the run began. Start a new run; what still holds is reused.`,
    changed,
  );
}

export function isChangedInputs(error: unknown): boolean {
  return error instanceof ApplicationFailure && error.type === changed;
}

/** What ends the run: the activity's own reason, in place of "Activity task failed". */
export function runFailure(where: string, error: unknown): ApplicationFailure {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  const type = cause instanceof ApplicationFailure ? cause.type : undefined;
  return ApplicationFailure.create({
    message: where === '' ? reasonOf(error) : `${where}: ${reasonOf(error)}`,
    type: type ?? 'RunFailed',
    nonRetryable: true,
  });
}
