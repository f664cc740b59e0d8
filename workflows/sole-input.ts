import { ApplicationFailure, patched } from '@temporalio/workflow';

/**
 * Ends a workflow that was started with more than its input: of what is not read, whoever gave it believes that it was.
 * Runs that began before this was refused go on.
 *
 * @param further what was given after the first argument
 */
export function requireSoleInput(further: readonly unknown[], where: string): void {
  if (further.length === 0 || !patched('sole-input')) return;
  throw ApplicationFailure.nonRetryable(
    `${where}: there is more than one; found ${further.length + 1}, expected one. Give --input or --input-file once; all that can be said stands in that one map.`,
    'InputFault',
  );
}
