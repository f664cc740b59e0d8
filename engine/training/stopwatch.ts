import { performance } from 'node:perf_hooks';

export type Activity = 'train' | 'evaluate' | 'checkpoint';

/** Weight of the latest step in the running mean. */
const RECENT = 0.1;

/** Time spent by kind of work. For people and for the checkpoint interval; no result depends on it. */
export class Stopwatch {
  private readonly started = performance.now();
  private readonly totals = { train: 0, evaluate: 0, checkpoint: 0 };
  private readonly means: Partial<Record<Activity, number>> = {};

  async time<T>(activity: Activity, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      return await work();
    } finally {
      const seconds = (performance.now() - start) / 1000;
      this.totals[activity] += seconds;
      const mean = this.means[activity];
      this.means[activity] = mean === undefined ? seconds : mean + RECENT * (seconds - mean);
    }
  }

  /** Running mean of the seconds that one piece of this work takes. */
  recent(activity: Activity): number {
    return this.means[activity] ?? 0;
  }

  total(activity: Activity): number {
    return this.totals[activity];
  }

  seconds(): Record<Activity | 'total', number> {
    return { ...this.totals, total: (performance.now() - this.started) / 1000 };
  }
}
