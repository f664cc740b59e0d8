import { setImmediate as breathe } from 'node:timers/promises';
import type { Scored } from '../ensemble/joined.js';
import { EnvironmentFault } from '../errors/fault.js';
import type { BatchingOptions } from './limits.js';
import { internal, overloaded, unavailable, type Refusal } from './refusal.js';

/** What scores texts, one call after the other. */
export interface Scorer {
  /** @returns of each text, in the order given, as many probabilities and decisions as there are labels */
  score(texts: readonly string[]): Promise<Scored>;
}

export interface BatcherOptions extends BatchingOptions {
  readonly queuedTexts: number;
  readonly labels: number;
}

/** Told what becomes of texts. */
export interface BatchEvents {
  readonly onBatch: (texts: number, seconds: number) => void;
  /** A batch that could not be scored. */
  readonly onFault: (fault: unknown) => void;
  /** Texts whose client left before they were scored. */
  readonly onDropped: (texts: number) => void;
  /** A batch that takes longer than any should: what scores will answer no more. */
  readonly onStuck: () => void;
  /** What scores is gone, as a device that is lost: nothing it says from then on would be right. */
  readonly onLost: (fault: EnvironmentFault) => void;
}

/** The texts of one request, and what is known of them so far. */
interface Job {
  readonly probabilities: Float32Array;
  readonly decisions: Uint8Array;
  left: number;
  /** Answered or given up: its texts are not scored any more. */
  over: boolean;
  readonly resolve: (scored: Scored) => void;
  readonly reject: (reason: unknown) => void;
}

interface Waiting {
  readonly text: string;
  readonly job: Job;
  /** Which text of its request it is. */
  readonly place: number;
  readonly since: number;
}

/**
 * Gathers the texts of all requests, scores them in batches of similar length and gives each request its own. A
 * request's texts may be scored in several batches.
 */
export class Batcher {
  /** The oldest first. */
  private queue: Waiting[] = [];
  private working = false;
  /** Once what scores answers no more: what everybody is told. */
  private broken: Refusal | null = null;
  private wake: () => void = () => undefined;

  constructor(
    private readonly scorer: Scorer,
    private readonly options: BatcherOptions,
    private readonly events: BatchEvents,
  ) {}

  /** Texts that wait. */
  get waiting(): number {
    return this.queue.length;
  }

  /**
   * @param signal aborted where nobody waits for the answer any more
   * @throws Refusal where the queue has no place for all of them, or they cannot be scored
   */
  score(texts: readonly string[], signal: AbortSignal): Promise<Scored> {
    const { queuedTexts, labels } = this.options;
    if (this.broken !== null) return Promise.reject(this.broken);
    if (this.queue.length + texts.length > queuedTexts) {
      const found = `${this.queue.length} texts that wait, and ${texts.length} more`;
      return Promise.reject(overloaded('too many texts wait', found, `at most ${queuedTexts}`));
    }
    let drop = (): void => undefined;
    const answer = new Promise<Scored>((resolve, reject) => {
      const cells = texts.length * labels;
      const [probabilities, decisions] = [new Float32Array(cells), new Uint8Array(cells)];
      if (texts.length === 0) return resolve({ probabilities, decisions });
      const job: Job = { probabilities, decisions, left: texts.length, over: false, resolve, reject };
      drop = () => this.drop(job);
      signal.addEventListener('abort', drop);
      const since = performance.now();
      texts.forEach((text, place) => this.queue.push({ text, job, place, since }));
      this.wake();
      void this.work();
    });
    return answer.finally(() => signal.removeEventListener('abort', drop));
  }

  private drop(job: Job): void {
    if (job.over) return;
    this.events.onDropped(this.queue.filter((waiting) => waiting.job === job).length);
    this.giveUp(job, unavailable('the request was given up'));
  }

  private async work(): Promise<void> {
    if (this.working) return;
    this.working = true;
    while (this.queue.length > 0 && this.broken === null) {
      await this.gather();
      const batch = this.take();
      if (batch.length > 0) await this.answer(batch);
    }
    this.working = false;
  }

  /** Waits for others until the oldest text has waited long enough, or there are enough of them. */
  private async gather(): Promise<void> {
    const { maxWaitMs } = this.options;
    // Requests that came together are read in the same turn of the event loop.
    if (!this.full()) await breathe();
    for (let oldest = this.queue[0]; oldest !== undefined && !this.full(); oldest = this.queue[0]) {
      const left = oldest.since + maxWaitMs - performance.now();
      if (left <= 0) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  private full(): boolean {
    return this.queue.length >= this.options.batchTexts;
  }

  /** The oldest text, and of the others those that are nearest to it in length. */
  private take(): Waiting[] {
    const { batchTexts, batchCharacters } = this.options;
    const [oldest] = this.queue;
    if (oldest === undefined) return [];
    const { length } = oldest.text;
    const near = this.queue.toSorted(
      (a, b) => Math.abs(a.text.length - length) - Math.abs(b.text.length - length),
    );
    const batch = new Set([oldest]);
    let longest = length;
    for (const waiting of near) {
      if (batch.size >= batchTexts) break;
      const longer = Math.max(longest, waiting.text.length);
      if (batch.has(waiting) || (batch.size + 1) * longer > batchCharacters) continue;
      batch.add(waiting);
      longest = longer;
    }
    this.queue = this.queue.filter((waiting) => !batch.has(waiting));
    return [...batch];
  }

  /** What one request's texts do to the models is no other request's fault: its batch is scored again without them. */
  private async answer(batch: readonly Waiting[]): Promise<void> {
    const started = performance.now();
    const watch = setTimeout(() => {
      this.giveUpAll(batch, unavailable('the engine is stuck'));
      this.events.onStuck();
    }, this.options.stuckMs);
    try {
      this.handOut(batch, await this.scorer.score(batch.map(({ text }) => text)));
      this.events.onBatch(batch.length, (performance.now() - started) / 1000);
    } catch (fault) {
      const jobs = new Set(batch.map(({ job }) => job));
      clearTimeout(watch);
      this.events.onFault(fault);
      if (fault instanceof EnvironmentFault) {
        this.giveUpAll(batch, unavailable('the engine has failed'));
        return this.events.onLost(fault);
      }
      for (const job of jobs) {
        if (jobs.size === 1) this.giveUp(job, internal(fault));
        else if (!job.over) await this.answer(batch.filter((waiting) => waiting.job === job));
      }
    } finally {
      clearTimeout(watch);
    }
  }

  private handOut(batch: readonly Waiting[], { probabilities, decisions }: Scored): void {
    const { labels } = this.options;
    const cells = batch.length * labels;
    if (probabilities.length !== cells || decisions.length !== cells)
      throw new RangeError(`${probabilities.length} probabilities of ${batch.length} texts`);
    batch.forEach(({ job, place }, row) => {
      job.probabilities.set(probabilities.subarray(row * labels, (row + 1) * labels), place * labels);
      job.decisions.set(decisions.subarray(row * labels, (row + 1) * labels), place * labels);
      job.left -= 1;
      if (job.left > 0 || job.over) return;
      job.over = true;
      job.resolve({ probabilities: job.probabilities, decisions: job.decisions });
    });
  }

  private giveUp(job: Job, reason: unknown): void {
    if (job.over) return;
    job.over = true;
    this.queue = this.queue.filter((waiting) => waiting.job !== job);
    job.reject(reason);
  }

  private giveUpAll(batch: readonly Waiting[], reason: Refusal): void {
    this.broken = reason;
    const all = new Set([...batch, ...this.queue].map(({ job }) => job));
    for (const job of all) this.giveUp(job, reason);
  }
}
