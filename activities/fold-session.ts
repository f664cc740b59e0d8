import { Context, log } from '@temporalio/activity';
import type { FoldMessage, TrainedOn } from '../engine/training/job.js';
import { cellId, namedCell, type Cell } from '../pipeline/matrix.js';
import type { Lease } from '../store/checkpoints.js';
import { LeaseLost } from '../store/faults.js';
import type { FoldHeartbeat, StepCall } from './contracts.js';
import { EpochSignals } from './epoch-signals.js';
import { lostToAnotherDevice } from './former-checkpoint.js';
import { beat } from './heartbeat.js';
import { Lane } from './lane.js';
import { engineOf } from './input-digests.js';
import { NewestLane } from './newest-lane.js';
import { RunDirectory } from './run-directory.js';
import type { Services } from './services.js';

const heartbeatMs = 3_000;
/** Of the time that a lease lasts: several renewals may fail before it is over. */
const renewShare = 1 / 4;

type FoldCall = StepCall<unknown> & Cell;

/**
 * What goes on around one fold, from its lease to its record: heartbeats, the lease, checkpoints, events,
 * the epochs' signals. None of them waits for another kind.
 *
 * Heartbeats rest on the trainer's progress in that a trainer which makes none is ended (`Trainer`), and
 * the session with it. `signal` is aborted when the activity is cancelled, paused or shut down, when the
 * lease is lost, and when a later attempt in this process asks for the fold.
 */
export class FoldSession {
  private readonly stop = new AbortController();
  private readonly directory: RunDirectory;
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly checkpoints = new NewestLane((error) => this.failed(error));
  private readonly events = new Lane((error) => this.failed(error));
  private readonly signals = new EpochSignals();
  private renewal: Promise<void> | undefined;
  private latest: FoldHeartbeat | undefined;
  private epochs = 0;
  private on: TrainedOn | undefined;
  private kept: FoldHeartbeat['kept'];
  /** What alone goes on from this fold's checkpoints. */
  private readonly engine: string;
  /** Set where another attempt has taken the fold over. */
  private lost: LeaseLost | undefined;
  readonly warnings: string[] = [];

  constructor(
    private readonly services: Services,
    private readonly call: FoldCall,
    private readonly lease: Lease,
  ) {
    this.directory = new RunDirectory(services, call.run);
    ({ engine: this.engine } = engineOf(services, call.settings));
  }

  get signal(): AbortSignal {
    return this.stop.signal;
  }

  /** Says so where the attempt before this one had another device: what that one had done is done again. */
  warnOfAnotherDevice(): void {
    const { engine, lease } = this;
    const lost = lostToAnotherDevice(Context.current(), { engine, step: lease.checkpoints[0]?.step });
    if (lost === null) return;
    this.warn(lost);
    log.warn(`fold ${cellId(this.call)}: ${lost}`);
  }

  /** Has the training write a checkpoint and end. */
  handOver(): void {
    this.stop.abort();
  }

  /** Runs `work` while the session lasts; the checkpoints and events that it set going are kept when this ends. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const cancelled = Context.current().cancellationSignal;
    const onCancelled = (): void => this.stop.abort();
    cancelled.addEventListener('abort', onCancelled);
    if (cancelled.aborted) onCancelled();
    this.timers.push(
      setInterval(() => this.beat(), heartbeatMs),
      // One at a time: a slow disk must not be given more of them than it can do.
      setInterval(() => void (this.renewal ??= this.renew()), this.services.checkpoints.leaseMs * renewShare),
    );
    try {
      return await work();
    } catch (error) {
      await this.checkpointsKept();
      const reason = this.lost ?? error;
      const name = reason instanceof Error ? reason.name : typeof reason;
      this.note('fold interrupted', { trainingStep: this.latest?.step ?? null, reason: name });
      throw reason;
    } finally {
      await this.checkpointsKept();
      await this.events.done();
      await this.signals.end({ atOnce: this.stop.signal.aborted });
      await this.letGo();
      cancelled.removeEventListener('abort', onCancelled);
    }
  }

  /**
   * Ends heartbeats, renewals and the keeping of checkpoints: the lease is about to be given back, and nothing must
   * be done under it after that.
   */
  async letGo(): Promise<void> {
    // A checkpoint may take longer to keep than a lease lasts.
    await this.checkpointsKept();
    this.timers.splice(0).forEach(clearInterval);
    await this.renewal;
  }

  /** Resolves when nothing of an attempt's checkpoints is on its way any more: another one may begin in its folder. */
  checkpointsKept(): Promise<void> {
    return this.checkpoints.done();
  }

  readonly onMessage = (message: FoldMessage): void => {
    switch (message.type) {
      case 'started':
        this.epochs = message.epochs;
        this.on = message.on;
        this.keepsUntil(message.resumedFrom);
        this.note('fold started', {
          steps: message.steps,
          resumedFrom: message.resumedFrom,
          worker: process.pid,
          ...this.on,
        });
        break;
      case 'step':
        this.showStep(message);
        break;
      case 'epoch':
        this.note('epoch finished', { ...message.metrics, best: message.best });
        this.signals.add({ ...namedCell(this.call), metrics: message.metrics });
        break;
      case 'checkpoint':
        this.keep(message);
        break;
      case 'warning':
        this.warn(message.message);
        break;
      case 'phase':
      case 'alive':
      case 'stopped':
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
    const { step } = this.call;
    const { attempts } = this.lease;
    this.events.add(() =>
      this.directory.note(event, { step, ...namedCell(this.call), attempt: attempts, ...facts }),
    );
  }

  /** Renews the lease now. @throws LeaseLost where another attempt has the fold */
  async hold(): Promise<void> {
    if (this.lost !== undefined) throw this.lost;
    await this.services.checkpoints.renew(this.lease);
  }

  /**
   * While the training goes on; where that writes them faster than the store takes them, those that a newer one
   * came after are left out. Noted only once it is kept: an attempt that lost its lease has none to tell of.
   */
  private keep({ checkpoint, seconds }: Extract<FoldMessage, { type: 'checkpoint' }>): void {
    const { checkpoints } = this.services;
    this.checkpoints.add({
      work: async () => {
        await checkpoints.publish(this.lease, checkpoint);
        this.keepsUntil(checkpoint.step);
        this.beat();
        this.note('checkpoint', { trainingStep: checkpoint.step, seconds });
      },
      drop: () => checkpoints.forgo(this.lease, checkpoint),
    });
  }

  /** Has the next attempt know of a checkpoint. */
  private keepsUntil(step: number): void {
    this.kept = step === 0 ? undefined : { step, engine: this.engine };
  }

  private beat(): void {
    const { latest, kept } = this;
    beat(latest === undefined || kept === undefined ? latest : { ...latest, kept });
  }

  private async renew(): Promise<void> {
    try {
      await this.services.checkpoints.renew(this.lease);
    } catch (error) {
      this.failed(error);
    } finally {
      this.renewal = undefined;
    }
  }

  private showStep({
    epoch,
    step,
    steps,
    loss,
    secondsPerStep,
  }: Extract<FoldMessage, { type: 'step' }>): void {
    const first = this.latest === undefined;
    const on = this.on === undefined ? {} : { on: this.on };
    this.latest = {
      fold: this.call.fold,
      epoch,
      epochs: this.epochs,
      step,
      steps,
      loss,
      secondsPerStep,
      ...on,
    };
    if (first) this.beat();
  }

  /** A failure costs a renewal, a line or one checkpoint, not the training: the next one may succeed. */
  private failed(error: unknown): void {
    if (error instanceof LeaseLost) {
      this.lost = error;
      this.stop.abort();
    } else {
      log.warn('something beside the training failed; the training goes on', { error });
    }
  }
}
