import { once } from 'node:events';
import { Interrupted } from '../failure.js';
import type { Host } from './host.js';
import { onInterrupt } from './interrupt.js';

/** What Ctrl-C is answered with, the first time. */
export const stopping = 'Stopping: folds in training write a checkpoint first. Ctrl-C again stops at once.';

export interface Service {
  /** Opens the host; gives up where the signal is aborted. */
  readonly open: (signal: AbortSignal) => Promise<Host>;
  /** Says that it works now. */
  readonly announce: (host: Host) => void;
}

/**
 * Works until Ctrl-C or SIGTERM, then ends in order; throws where a worker fails, or the server is gone
 * for good.
 */
export async function serve(note: (message: string) => void, { open, announce }: Service): Promise<void> {
  let host: Host | undefined;
  const interrupt = onInterrupt(
    () => note(host === undefined ? 'Stopping what has been started.' : stopping),
    () => host?.stopNow(),
  );
  try {
    host = await openUnless(interrupt.signal, open);
    announce(host);
    if (!interrupt.signal.aborted) await Promise.race([host.working, once(interrupt.signal, 'abort')]);
  } finally {
    await host?.stop();
    interrupt.close();
  }
}

/** @throws Interrupted where the signal was aborted before the host was there */
export async function openUnless(
  signal: AbortSignal,
  open: (signal: AbortSignal) => Promise<Host>,
): Promise<Host> {
  try {
    return await open(signal);
  } catch (error) {
    if (signal.aborted) throw new Interrupted('Stopped before anything was begun.');
    throw error;
  }
}
