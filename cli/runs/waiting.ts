import type { WorkflowHandle } from '@temporalio/client';
import type { CellChoice } from '../../workflows/messages.js';
import type { RunView } from './run-view.js';

/** Asks a run that waits for a decision to try again what failed; gives the steps that it tries. */
export async function retryFailed(handle: WorkflowHandle, view: RunView): Promise<string[]> {
  if (view.progress.state !== 'waiting') return [];
  const failed = view.progress.steps.filter(
    ({ state, cells }) => state === 'failed' || cells.some((cell) => cell.state === 'failed'),
  );
  for (const { step } of failed) {
    await handle.executeUpdate<string, [CellChoice]>('retry', { args: [{ step }] });
  }
  return failed.map(({ step }) => step);
}

/** Why the cells that wait for a decision failed, each reason once. */
export function failureReasons({ progress }: RunView): string[] {
  const failed = progress.steps.flatMap(({ state, message, cells }) =>
    cells.length > 0 ? cells.filter((cell) => cell.state === 'failed') : [{ state, message }],
  );
  const reasons = failed.flatMap(({ state, message }) =>
    state === 'failed' && message !== null ? [message] : [],
  );
  return [...new Set(reasons)];
}

/** Whether nothing goes on in a run any more until somebody decides. */
export function needsDecision({ progress, live }: RunView): boolean {
  return progress.state === 'waiting' && live.length === 0;
}
