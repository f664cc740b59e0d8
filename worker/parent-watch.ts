import type { Fault } from '../errors/fault.js';
import type { FailedReply } from './request-process.js';

const checkMs = 2_000;
const aliveMs = 3_000;

/**
 * Ends this process when its parent has gone, by the channel's end or, where that is not noticed, by
 * another parent.
 */
export function leaveWithParent(): void {
  const parent = process.ppid;
  process.on('disconnect', leave);
  setInterval(() => {
    if (process.ppid !== parent) leave();
  }, checkMs).unref();
  // Ctrl-C in a terminal reaches every process of the group; the parent decides what it means.
  process.on('SIGINT', () => undefined);
}

/** Ends this process at once. With SIGKILL: native code may be running, and an orderly exit would wait for it. */
export function leave(): void {
  process.kill(process.pid, 'SIGKILL');
}

/** Shows the parent, by `alive`, that this process runs: not that it comes along with its work. */
export function showLife(): void {
  setInterval(() => {
    // A parent that is behind with its messages needs no more of them.
    if (onTheirWay.size === 0) void send({ type: 'alive' });
  }, aliveMs).unref();
}

const onTheirWay = new Set<Promise<void>>();

/** Sends a message and waits until it is on its way, so that an exit does not lose it. */
export function send(message: unknown): Promise<void> {
  const sending = new Promise<void>((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else process.send(message, undefined, undefined, () => resolve());
  });
  onTheirWay.add(sending);
  void sending.then(() => onTheirWay.delete(sending));
  return sending;
}

/** Waits until every message is on its way: a parent that is busy takes them late. */
export async function allSent(): Promise<void> {
  await Promise.all(onTheirWay);
}

/** What of an error may leave the process: a fault's own words; of any other only its kind and place. */
export function tellable(error: unknown): Omit<FailedReply, 'type'> {
  if (isFault(error)) {
    const { name, message, retryable, details } = error;
    return { name, message, retryable, details };
  }
  console.error(error);
  const place =
    error instanceof Error ? /\bat .*?([\w.-]+:\d+):\d+\)?$/m.exec(error.stack ?? '')?.[1] : undefined;
  const kind = error instanceof Error ? error.name : typeof error;
  const message = `an unexpected ${kind}${place === undefined ? '' : ` at ${place}`}; the worker's log holds its message`;
  return { name: 'Unexpected', message, retryable: true };
}

function isFault(error: unknown): error is Fault {
  return error instanceof Error && 'details' in error && 'retryable' in error;
}
