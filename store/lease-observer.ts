interface Sight {
  readonly state: string;
  /** When it was first seen so. */
  readonly since: number;
}

/**
 * Whether leases have run out, judged without a clock of anybody else's: a lease is over for those who have
 * themselves seen its pointer unchanged for as long as it lasts. Who holds it renews it more often than that.
 */
export class LeaseObserver {
  private readonly sights = new Map<string, Sight>();

  /** @param elapsed milliseconds that have gone by in this process */
  constructor(private readonly elapsed: () => number) {}

  /**
   * How much longer a lease lasts unless it is renewed; 0 where it is over.
   *
   * @param state what was seen of its pointer @param began when that look began
   */
  remaining(key: string, state: string, leaseMs: number, began: number): number {
    const before = this.sights.get(key);
    if (before?.state === state) return Math.max(0, leaseMs - (began - before.since));
    this.sights.set(key, { state, since: this.elapsed() });
    return leaseMs;
  }

  forget(key: string): void {
    this.sights.delete(key);
  }
}
