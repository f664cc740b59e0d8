import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { EnvironmentFault } from '../../errors/fault.js';
import type { RunDisplay } from '../terminal/display.js';
import type { FoundRun } from './find-run.js';
import { observeRun } from './observe-run.js';
import { isOver, type RunView } from './run-view.js';
import { needsDecision } from './waiting.js';

/** Milliseconds between two looks at a run. */
const interval = 500;

/** How long a server may be away, in milliseconds: whoever runs it may start it again. */
const patience = 5 * 60_000;

/**
 * Shows a run until it is over, or until `signal` aborts; gives the last view, null if there was none.
 * Without `waits` it ends, too, when nothing goes on until somebody decides.
 */
export async function watchRun(
  client: Client,
  run: FoundRun,
  display: RunDisplay,
  signal: AbortSignal,
  waits = true,
): Promise<RunView | null> {
  let last: RunView | null = null;
  while (!signal.aborted) {
    const view = await observePatiently(client, run, display, signal);
    if (view === null) break;
    last = view;
    display.update(view);
    if (isOver(view.progress.state) || (!waits && needsDecision(view))) break;
    await sleep(interval, undefined, { signal }).catch(() => undefined);
  }
  return last;
}

/**
 * One look at a run. While no worker answers, or for some minutes the server, it says so once and goes on
 * looking; null where `signal` aborts meanwhile.
 */
export async function observePatiently(
  client: Client,
  run: FoundRun,
  display: RunDisplay,
  signal: AbortSignal,
): Promise<RunView | null> {
  const begun = performance.now();
  for (let silent = false; !signal.aborted; silent = true) {
    try {
      return await unlessAborted(signal, observeRun(client, run));
    } catch (error) {
      const ofWorker = error instanceof EnvironmentFault;
      if (!ofWorker && !(isAway(error) && performance.now() - begun < patience)) throw error;
      if (!silent && !signal.aborted) display.note(ofWorker ? error.message : serverAway);
    }
    await sleep(interval, undefined, { signal }).catch(() => undefined);
  }
  return null;
}

/** What comes of the work; null once the signal is aborted, however long the work may still take. */
async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T | null> {
  const done = new AbortController();
  try {
    const aborted = once(signal, 'abort', { signal: done.signal }).then(() => null);
    return await Promise.race([work, aborted]);
  } finally {
    done.abort();
  }
}

const serverAway = 'The Temporal server does not answer just now.';

/** gRPC's codes for a call that was cut off or not answered in time, and for a server that is not there. */
const awayCodes: readonly unknown[] = [1, 4, 14];

function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return awayCodes.includes((error as { code?: unknown }).code) || isAway(error.cause);
}
