/** A piece of work, and what to do in its place where a newer one came before it began. */
export interface Supersedable {
  readonly work: () => Promise<void>;
  readonly drop: () => Promise<void>;
}

/** Work of which only the newest is wanted: one piece at a time, and of those that wait meanwhile the last alone. */
export class NewestLane {
  private waiting: Supersedable | undefined;
  private running: Promise<void> | undefined;
  /** Of what was dropped. */
  private dropping: Promise<void> = Promise.resolve();

  /** @param onFailure told of a piece that failed; the next one is done all the same */
  constructor(private readonly onFailure: (error: unknown) => void) {}

  add(next: Supersedable): void {
    const superseded = this.waiting;
    this.waiting = next;
    if (superseded !== undefined) this.dropping = this.dropping.then(superseded.drop).catch(this.onFailure);
    this.running ??= this.work();
  }

  /** Resolves when all that was added is done or dropped. */
  async done(): Promise<void> {
    await this.running;
    await this.dropping;
  }

  private async work(): Promise<void> {
    while (this.waiting !== undefined) {
      const next = this.waiting;
      this.waiting = undefined;
      await next.work().catch(this.onFailure);
    }
    this.running = undefined;
  }
}
