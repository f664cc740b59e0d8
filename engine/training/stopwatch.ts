import { performance } from 'node:perf_hooks';

/**
 * What a fold spends its time on. `data`: reading and tokenising the texts, and hashing the model's files; `weights`:
 * reading or drawing the initial weights, and writing them to the device; `compile`: building graphs and sessions.
 */
export const foldActivities = [
  'device',
  'data',
  'weights',
  'compile',
  'train',
  'evaluate',
  'checkpoint',
  'export',
] as const;

export type FoldActivity = (typeof foldActivities)[number];

/** Weight of the latest step in the running mean. */
const RECENT = 0.1;

/**
 * Time spent by kind of work: of an activity within another one, the time counts as its own alone. For people and for
 * the checkpoint interval; no result depends on it.
 */
export class Stopwatch {
  private readonly started = performance.now();
  private readonly totals = Object.fromEntries(foldActivities.map((activity) => [activity, 0])) as Record<
    FoldActivity,
    number
  >;
  private readonly means: Partial<Record<FoldActivity, number>> = {};
  /** Seconds of all activities that have ended within the one under way. */
  private within = 0;

  async time<T>(activity: FoldActivity, work: () => Promise<T>): Promise<T> {
    const end = this.begin(activity);
    try {
      return await work();
    } finally {
      end();
    }
  }

  /** The same of work that is no promise. */
  timeNow<T>(activity: FoldActivity, work: () => T): T {
    const end = this.begin(activity);
    try {
      return work();
    } finally {
      end();
    }
  }

  private begin(activity: FoldActivity): () => void {
    const start = performance.now();
    const around = this.within;
    this.within = 0;
    return () => {
      const all = (performance.now() - start) / 1000;
      const seconds = all - this.within;
      this.within = around + all;
      this.totals[activity] += seconds;
      const mean = this.means[activity];
      this.means[activity] = mean === undefined ? seconds : mean + RECENT * (seconds - mean);
    };
  }

  /** Running mean of the seconds that one piece of this work takes. */
  recent(activity: FoldActivity): number {
    return this.means[activity] ?? 0;
  }

  total(activity: FoldActivity): number {
    return this.totals[activity];
  }

  seconds(): Record<FoldActivity | 'total', number> {
    return { ...this.totals, total: (performance.now() - this.started) / 1000 };
  }
}
