/** An answer of the hub that is not what was asked for; redirects are followed first. */
export class HubStatus extends Error {
  /** @param retryAfterSeconds how long the hub asks to wait; null where it does not say */
  constructor(
    readonly status: number,
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(
      `status ${status}${(retryAfterSeconds ?? 0) > 0 ? ` (it asks to wait ${retryAfterSeconds} s)` : ''}`,
    );
  }
}

/** An answer that no hub gives: too large, too slow, leading elsewhere. The message says which. */
export class HubMisbehaved extends Error {}

/** What the hub has is not any more, or not, what it said before. */
export class HubContradiction extends HubMisbehaved {}

/** Nothing came for longer than anybody waits. */
export class HubStalled extends HubMisbehaved {}
