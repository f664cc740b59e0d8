import { unreadableReason } from '../payloads/unreadable.js';

/**
 * Fails the task of the workflow, and not the workflow, where its input is encrypted with a key that this worker does not
 * have: another worker may have it, or this one be given it. What no key decrypts is left to the activity that reads it.
 */
export function requireKey(input: unknown, where: string): void {
  const reason = unreadableReason(input);
  if (reason?.elsewhere === true) throw new Error(`${where}: ${reason.words}`);
}
