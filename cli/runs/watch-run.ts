import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { EnvironmentFault } from '../../errors/fault.js';
import type { RunDisplay } from '../terminal/display.js';
import { observeRun } from './observe-run.js';
import { isOver, type RunView } from './run-view.js';
import { needsDecision } from './waiting.js';

/** Milliseconds between two looks at a run. */
const interval = 500;

/**
 * Shows a run until it is over, or until `signal` aborts; gives the last view, null if there was none.
 * While no worker answers, it says so once and goes on looking. Without `waits` it ends, too, when
 * nothing goes on until somebody decides.
 */
export async function watchRun(
  client: Client,
  handle: WorkflowHandle,
  display: RunDisplay,
  signal: AbortSignal,
  waits = true,
): Promise<RunView | null> {
  let last: RunView | null = null;
  let silent = false;
  while (!signal.aborted) {
    try {
      last = await observeRun(client, handle);
      silent = false;
      display.update(last);
      if (isOver(last.progress.state) || (!waits && needsDecision(last))) return last;
    } catch (error) {
      if (!(error instanceof EnvironmentFault)) throw error;
      if (!silent && !signal.aborted) display.note(error.message);
      silent = true;
    }
    await sleep(interval, undefined, { signal }).catch(() => undefined);
  }
  return last;
}
