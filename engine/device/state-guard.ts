import { Fault } from '../../errors/fault.js';

/** Sees to it that steps, writes and reads of a training's state do not overlap (training-state.ts). */
export class StateGuard {
  private closed = false;
  /** Those under way. */
  private snapshots = 0;
  /** Whether a step under way was given up; null where there is none. */
  private givenUp: (() => boolean) | null = null;

  /** @throws Fault where it has been closed */
  opened(): void {
    if (this.closed) throw refused('it has been closed');
  }

  /** @throws Fault where it must not be read now */
  reading(): void {
    this.opened();
    if (this.givenUp !== null && !this.givenUp()) throw refused('a step is under way');
  }

  /** @throws Fault where it must not be changed now */
  changing(): void {
    this.opened();
    if (this.givenUp !== null) throw refused('a step is under way');
    if (this.snapshots > 0) throw refused('a snapshot of it is being read');
  }

  async step<T>(stop: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    this.changing();
    this.givenUp = () => stop?.aborted ?? false;
    try {
      return await work();
    } finally {
      this.givenUp = null;
    }
  }

  async snapshot<T>(work: () => Promise<T>): Promise<T> {
    this.reading();
    this.snapshots++;
    try {
      return await work();
    } finally {
      this.snapshots--;
    }
  }

  /** @returns whether it was open */
  close(): boolean {
    const wasOpen = !this.closed;
    this.closed = true;
    return wasOpen;
  }
}

function refused(what: string): Fault {
  return new Fault({ where: 'the state of a training', what });
}
