import type { FoldMessage } from '../../engine/training/job.js';

/** From and to, in seconds of one clock. */
export type Interval = readonly [number, number];

/** What a worker saw of its folds, which it trained one after the other. */
export interface Timeline {
  /** While a checkpoint was on its way into the store. */
  readonly uploads: readonly Interval[];
  /** While a fold went on: it was trained, judged or exported, and did not stand still for a checkpoint. */
  readonly going: readonly Interval[];
  /** Of the optimizer's steps. */
  readonly steps: readonly Interval[];
}

/** How much of the uploads lay in the training. */
export interface Overlap {
  readonly uploadSeconds: number;
  /** Of that time, 0 … 1: while the fold went on. Null where nothing was uploaded. */
  readonly share: number | null;
  /** Done meanwhile. */
  readonly steps: number;
  /** Seconds of a step meanwhile by those of one at other times; null where there was none of either. */
  readonly slowdown: number | null;
}

export function overlapOf({ uploads, going, steps }: Timeline): Overlap {
  const uploadSeconds = lengthOf(uploads);
  const within = (interval: Interval): number => lengthOf(uploads.map((upload) => common(upload, interval)));
  const total = (intervals: readonly Interval[]): number =>
    intervals.reduce((sum, interval) => sum + within(interval), 0);
  // A step that an upload began or ended in counts as that part of one.
  const meanwhile = steps.reduce((sum, step) => sum + within(step) / lengthOf([step]), 0);
  const others = steps.length - meanwhile;
  const seconds = total(steps);
  return {
    uploadSeconds,
    share: uploadSeconds === 0 ? null : total(going) / uploadSeconds,
    steps: meanwhile,
    slowdown:
      meanwhile === 0 || others === 0 ? null : seconds / meanwhile / ((lengthOf(steps) - seconds) / others),
  };
}

function lengthOf(intervals: readonly Interval[]): number {
  return intervals.reduce((sum, [from, to]) => sum + Math.max(0, to - from), 0);
}

function common([from, to]: Interval, [otherFrom, otherTo]: Interval): Interval {
  return [Math.max(from, otherFrom), Math.min(to, otherTo)];
}

/** Makes a timeline of what a trainer says, and of uploads. */
export class TimelineWatch {
  private readonly uploads: Interval[] = [];
  private readonly going: Interval[] = [];
  private readonly steps: Interval[] = [];
  private last: number | null = null;
  private stands = false;

  /** @param now seconds */
  constructor(private readonly now: () => number) {}

  get timeline(): Timeline {
    return { uploads: this.uploads, going: this.going, steps: this.steps };
  }

  /** A fold is given to the trainer. */
  begin(): void {
    this.last = this.now();
    this.stands = false;
  }

  take(message: FoldMessage): void {
    // It says nothing of progress.
    if (message.type === 'alive' || this.last === null) return;
    const interval: Interval = [this.last, this.now()];
    this.last = interval[1];
    if (!this.stands) this.going.push(interval);
    if (message.type === 'step') this.steps.push(interval);
    if (message.type === 'phase') this.stands = message.phase === 'writing a checkpoint';
  }

  end(): void {
    this.last = null;
  }

  async upload(work: () => Promise<void>): Promise<void> {
    const from = this.now();
    try {
      await work();
    } finally {
      this.uploads.push([from, this.now()]);
    }
  }
}
