import type { ChildProcess } from 'node:child_process';

const works = new Set<() => void>();
let inOrder = false;

/** At Ctrl-C and SIGTERM this process leaves as at its end: what was asked of `onLeaving` is done. */
export function leaveInOrder(): void {
  if (inOrder) return;
  inOrder = true;
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
  // Those of later first: a folder goes after the server that works in it.
  process.once('exit', () => [...works].toReversed().forEach((work) => work()));
}

/**
 * @param work is done when this process leaves, unless it is killed; it may not wait
 * @returns takes that back
 */
export function onLeaving(work: () => void): () => unknown {
  leaveInOrder();
  works.add(work);
  return () => works.delete(work);
}

/** A process that would go on alone is killed when this one leaves. */
export function endOnLeaving(child: ChildProcess): void {
  const takeBack = onLeaving(() => child.kill('SIGKILL'));
  child.once('exit', takeBack);
}
