import { performance } from 'node:perf_hooks';

/** Unless set otherwise, at least so many seconds apart … */
const LEAST_SECONDS = 60;
/** … and so many times as long as one takes, which keeps their cost below 2.5 %. */
const COST_FACTOR = 40;
/** How fast the first one is expected to be written: read from the device, copied, hashed and written. */
const EXPECTED_BYTES_PER_SECOND = 5e8;

/** When a fold writes checkpoints: how much of its time they may take. */
export class CheckpointInterval {
  /** Seconds that the last one took, with the epochs kept for it; of the first, what is expected. */
  private cost: number;
  /** Seconds spent on keeping epochs since then. */
  private keepingCost = 0;
  private writtenAt: number;

  /**
   * @param every seconds, where they are set @param bytes of a checkpoint
   * @param now milliseconds
   */
  constructor(
    private readonly every: number | null,
    bytes: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.cost = bytes / EXPECTED_BYTES_PER_SECOND;
    this.writtenAt = now();
  }

  /** Whether it is time for the next one. */
  due(): boolean {
    return this.seconds() >= (this.every ?? Math.max(LEAST_SECONDS, COST_FACTOR * this.cost));
  }

  /** Whether an epoch's end is to be kept: always, but for epochs so short that it would cost too much. */
  dueAfterEpoch(): boolean {
    return this.every !== null || this.seconds() >= COST_FACTOR * this.cost;
  }

  /** Keeps an epoch, which is part of what the next checkpoint costs. */
  async keeping<T>(work: () => Promise<T>): Promise<T> {
    const start = this.now();
    const kept = await work();
    this.keepingCost += (this.now() - start) / 1000;
    return kept;
  }

  /** Writes a checkpoint. */
  async writing<T>(work: () => Promise<T>): Promise<T> {
    const start = this.now();
    const written = await work();
    this.writtenAt = this.now();
    this.cost = (this.writtenAt - start) / 1000 + this.keepingCost;
    this.keepingCost = 0;
    return written;
  }

  /** Since the last one. */
  private seconds(): number {
    return (this.now() - this.writtenAt) / 1000;
  }
}
