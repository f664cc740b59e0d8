import type { ChildProcess } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import type { Trainer } from '../activities/services.js';
import { processor } from '../engine/device/device.js';
import { processVariables } from '../engine/device/cuda/process-variables.js';
import type { FoldCommand, FoldJob, FoldMessage, FoldOutcome } from '../engine/training/job.js';
import { EnvironmentFault, Fault } from '../errors/fault.js';
import { crash, startChild, startFailure, type OutputListener } from './child-process.js';
import { ChildWatch, endChild, stalled, type ChildWatchOptions } from './child-watch.js';

/** The training was told to stop; `what` says whether its checkpoint came. */
export class TrainingStopped extends EnvironmentFault {}

/** A fault that the training process raised, under the name that it has there. */
export class TrainingFault extends Fault {
  constructor(
    job: Pick<FoldJob, 'fold' | 'device'>,
    { name, message, retryable }: { name: string; message: string; retryable: boolean },
  ) {
    super({ where: placeOf(job), what: message.replace(`fold ${job.fold}: `, '') }, { retryable });
    this.name = name;
  }
}

export interface TrainerProcessOptions {
  /** What the child runs; see `trainer-child.ts`. */
  readonly script: string;
  /** How long a training that was told to stop may take to begin its checkpoint. Default 30 s. */
  readonly patienceMs?: number;
  /** Told what the child prints; by default it goes to stderr. */
  readonly onOutput?: OutputListener | undefined;
  readonly watch?: ChildWatchOptions;
}

type TrainOptions = Parameters<Trainer['train']>[1];

/** Trains each fold in a process of its own: a crash of native code costs one attempt. */
export class TrainerProcess implements Trainer {
  constructor(private readonly options: TrainerProcessOptions) {}

  async train(job: FoldJob, { onMessage, signal }: TrainOptions): Promise<FoldOutcome> {
    if (signal.aborted) throw stopped(job.fold, 'before it began');
    return new Training(job, this.options, onMessage, signal).run();
  }
}

/** One training process, from its start to its end. */
class Training {
  private readonly where: string;
  /** Something can be lost: before, a stop ends the process at once. */
  private begun = false;
  /** The step of the checkpoint that was handed on last. */
  private kept: number | undefined;
  /** The child's answer to `stop`. */
  private answered = false;
  private failure: Fault | undefined;
  private outcome: FoldOutcome | undefined;
  private kill: NodeJS.Timeout | undefined;

  constructor(
    private readonly job: FoldJob,
    private readonly options: TrainerProcessOptions,
    private readonly onMessage: (message: FoldMessage) => void,
    private readonly signal: AbortSignal,
  ) {
    this.where = placeOf(job);
  }

  run(): Promise<FoldOutcome> {
    const { job } = this;
    const began = performance.now();
    return new Promise((resolve, reject) => {
      const child = startChild({ ...this.options, kind: 'trainer', variables: processVariables(job.device) });
      const onAbort = (): void => this.askToStop(child);
      const settle = (code: number | null, exitSignal: NodeJS.Signals | null): void => {
        clearTimeout(this.kill);
        watch.end();
        this.signal.removeEventListener('abort', onAbort);
        if (this.outcome !== undefined) resolve(withEnd(this.outcome, (performance.now() - began) / 1000));
        else reject(this.reasonOfEnd(code, exitSignal, watch.foreign));
      };
      const watch = new ChildWatch((found) => {
        this.failure ??= stalled(this.where, found);
        endChild(child, () => settle(null, 'SIGKILL'));
      }, this.options.watch);
      this.signal.addEventListener('abort', onAbort, { once: true });
      child.on('message', (message: FoldMessage) => {
        watch.heard(message);
        this.take(message, child);
      });
      child.on('error', (error) => (this.failure ??= startFailure(this.where, child, error)));
      // Not `exit`: messages may still be on their way then.
      child.on('close', settle);
      tell(child, { type: 'train', job });
    });
  }

  private take(message: FoldMessage, child: ChildProcess): void {
    if (message.type === 'started') this.begun = true;
    if (message.type === 'checkpoint') this.kept = message.checkpoint.step;
    if (message.type === 'stopped') this.answered = this.kept === message.step;
    if (message.type === 'finished') this.outcome = message.result;
    if (message.type === 'failed') this.failure = new TrainingFault(this.job, message);
    // The checkpoint of a large model on a slow disk takes its time; the child says that it is at it.
    const writes = message.type === 'phase' && message.phase === 'writing a checkpoint';
    if (this.kill !== undefined && writes) this.killAfter(child, message.patienceSeconds * 1000);
    this.onMessage(message);
  }

  private askToStop(child: ChildProcess): void {
    tell(child, { type: 'stop' });
    this.killAfter(child, this.begun ? (this.options.patienceMs ?? 30_000) : 0);
  }

  private killAfter(child: ChildProcess, ms: number): void {
    clearTimeout(this.kill);
    this.kill = setTimeout(() => child.kill('SIGKILL'), ms);
  }

  private reasonOfEnd(code: number | null, exitSignal: NodeJS.Signals | null, foreign?: string): Fault {
    if (!this.signal.aborted) return this.failure ?? crash(this.where, code, exitSignal, foreign);
    if (this.answered) return stopped(this.job.fold, `at the checkpoint of step ${this.kept}`);
    if (!this.begun) return stopped(this.job.fold, 'before it began');
    const last =
      this.kept === undefined ? 'there is none of this attempt' : `the last is of step ${this.kept}`;
    return stopped(this.job.fold, `without a checkpoint; ${last}`, this.failure);
  }
}

/** @param all seconds from before the child was started until it was gone */
function withEnd(outcome: FoldOutcome, all: number): FoldOutcome {
  const { start = 0, total } = outcome.seconds;
  return { ...outcome, seconds: { ...outcome.seconds, end: Math.max(0, all - start - total) } };
}

function tell(child: ChildProcess, command: FoldCommand): void {
  // A child that is gone cannot be told; its end is handled where it is noticed.
  if (child.connected) child.send(command, () => undefined);
}

/** Of several cards it is the card that a person looks for. */
function placeOf({ fold, device }: Pick<FoldJob, 'fold' | 'device'>): string {
  return device === undefined || device === processor ? `fold ${fold}` : `fold ${fold} on ${device}`;
}

function stopped(fold: number, how: string, cause?: Fault): TrainingStopped {
  const found = cause === undefined ? {} : { found: cause.message };
  return new TrainingStopped({ where: `fold ${fold}`, what: `the training was stopped ${how}`, ...found });
}
