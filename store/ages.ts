/*
 * Who removes from a store and who begins to refer to what is there agree by these alone. An object is removed only
 * where it is older than `graceMs`, and older by that than the oldest run that is open. Whoever finds an artifact
 * that is older than `renewAfterMs` and will refer to it writes it anew. So what was found young enough lasts for
 * the difference at least, until its key is filed or, in a run, until the run has ended. The difference is also
 * how far apart clocks of hosts, server and store may be.
 */

const hour = 3_600_000;

export const renewAfterMs = 12 * hour;
export const graceMs = 24 * hour;

/** Where nobody says which runs are open. */
export const graceUnaskedMs = 7 * 24 * hour;

/** @param now and `modified`, by the clock of the store. A clock that is far behind must not make things young. */
export function isYoung(now: number, modified: number): boolean {
  return Math.abs(now - modified) < renewAfterMs;
}
