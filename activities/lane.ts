/** Work done one piece after the other; one that fails is told of, and the next is done all the same. */
export class Lane {
  private last: Promise<void> = Promise.resolve();

  constructor(private readonly onFailure: (error: unknown) => void) {}

  add(work: () => Promise<void>): void {
    this.last = this.last.then(work).catch(this.onFailure);
  }

  /** Resolves when all that was added is done. */
  done(): Promise<void> {
    return this.last;
  }
}
