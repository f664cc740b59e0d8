import { Context, heartbeat, log } from '@temporalio/activity';
import type { EpochMetrics, FoldMessage } from '../engine/training/job.js';
import type { Lease } from '../store/checkpoints.js';
import { LeaseLost } from '../store/faults.js';
import type { EpochFinished, EpochFinishedSignal, FoldHeartbeat, StepCall } from './contracts.js';
import { RunDirectory } from './run-directory.js';
import type { Services } from './services.js';

const heartbeatMs = 3_000;
const renewMs = 5_000;
const epochFinished: EpochFinishedSignal = 'epochFinished';

type FoldCall = StepCall<unknown> & { readonly fold: number };

/**
 * What goes on around one fold's training: heartbeats, the lease, checkpoints, the epochs' signals.
 *
 * `signal` is aborted when the activity is cancelled, paused or shut down, and when the lease is lost.
 */
export class FoldSession {
  private readonly stop = new AbortController();
  private readonly directory: RunDirectory;
  private readonly timers: NodeJS.Timeout[] = [];
  /** Work that follows messages, in their order. */
  private queue: Promise<void> = Promise.resolve();
  private latest: FoldHeartbeat | undefined;
  private epochs = 0;
  /** Set where another attempt has taken the fold over. */
  private lost: LeaseLost | undefined;
  readonly warnings: string[] = [];

  constructor(
    private readonly services: Services,
    private readonly call: FoldCall,
    private readonly lease: Lease,
  ) {
    this.directory = new RunDirectory(services, call.run);
  }

  get signal(): AbortSignal {
    return this.stop.signal;
  }

  /** Runs `work` while the session lasts; what its messages set going is done when this ends. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const cancelled = Context.current().cancellationSignal;
    const onCancelled = (): void => this.stop.abort();
    cancelled.addEventListener('abort', onCancelled);
    if (cancelled.aborted) onCancelled();
    this.timers.push(
      setInterval(() => heartbeat(this.latest), heartbeatMs),
      setInterval(() => this.later(() => this.services.checkpoints.renew(this.lease)), renewMs),
    );
    try {
      return await work();
    } catch (error) {
      await this.queue;
      const reason = this.lost ?? error;
      const name = reason instanceof Error ? reason.name : typeof reason;
      this.note('fold interrupted', { trainingStep: this.latest?.step ?? null, reason: name });
      throw reason;
    } finally {
      this.timers.forEach(clearInterval);
      cancelled.removeEventListener('abort', onCancelled);
      await this.queue;
    }
  }

  readonly onMessage = (message: FoldMessage): void => {
    switch (message.type) {
      case 'started':
        this.epochs = message.epochs;
        this.note('fold started', {
          steps: message.steps,
          resumedFrom: message.resumedFrom,
          worker: process.pid,
        });
        break;
      case 'step':
        this.showStep(message);
        break;
      case 'epoch':
        this.note('epoch finished', { ...message.metrics, best: message.best });
        this.later(() => this.signalEpoch(message.metrics));
        break;
      case 'checkpoint':
        this.later(() => this.publish(message));
        break;
      case 'warning':
        this.warn(message.message);
        break;
      case 'finished':
      case 'failed':
        break;
    }
  };

  warn(message: string): void {
    this.warnings.push(message);
    this.note('warning', { message });
  }

  /** Adds to the run's events, after what came before. */
  note(event: string, facts: Readonly<Record<string, unknown>>): void {
    this.later(() => this.write(event, facts));
  }

  /** Waits until what was noted is written. */
  settled(): Promise<void> {
    return this.queue;
  }

  private write(event: string, facts: Readonly<Record<string, unknown>>): Promise<void> {
    const { step, fold } = this.call;
    return this.directory.note(event, { step, fold, attempt: this.lease.attempts, ...facts });
  }

  /** Noted only once it is kept: an attempt that lost its lease has none to tell of. */
  private async publish({
    checkpoint,
    seconds,
  }: Extract<FoldMessage, { type: 'checkpoint' }>): Promise<void> {
    await this.services.checkpoints.publish(this.lease, checkpoint);
    await this.write('checkpoint', { trainingStep: checkpoint.step, seconds });
  }

  private showStep({
    epoch,
    step,
    steps,
    loss,
    secondsPerStep,
  }: Extract<FoldMessage, { type: 'step' }>): void {
    const first = this.latest === undefined;
    this.latest = { fold: this.call.fold, epoch, epochs: this.epochs, step, steps, loss, secondsPerStep };
    if (first) heartbeat(this.latest);
  }

  private async signalEpoch(metrics: EpochMetrics): Promise<void> {
    const { info, client } = Context.current();
    const { workflowId, runId } = info.workflowExecution ?? {};
    if (workflowId === undefined) return;
    const body: EpochFinished = { fold: this.call.fold, metrics };
    await client.workflow.getHandle(workflowId, runId).signal(epochFinished, body);
  }

  /** A failure costs a signal, a line or one checkpoint, not the training: the next one may succeed. */
  private later(work: () => Promise<void>): void {
    this.queue = this.queue.then(work).catch((error: unknown) => {
      if (error instanceof LeaseLost) {
        this.lost = error;
        this.stop.abort();
      } else {
        log.warn('something beside the training failed; the training goes on', { error });
      }
    });
  }
}
