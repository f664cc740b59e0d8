import { runOutcomeSchema } from '../facts/run-outcome.js';
import type { RunEnd } from '../runs/run-end.js';
import { printJson, type Console } from './console.js';
import { printOutcome } from './print-outcome.js';

/**
 * Tells how a run that was followed ended, or where it stands.
 *
 * @param history where the run's history can be seen, in words
 * @throws CommandFailure where it did not complete
 */
export function tellEnd(
  console: Console,
  end: RunEnd,
  { json, history }: { readonly json: boolean; readonly history: string },
): void {
  if (json) printJson(console, runOutcomeSchema, end.outcome);
  else if (end.failure === null) printOutcome(console, end, history);
  if (end.failure !== null) throw end.failure;
}
