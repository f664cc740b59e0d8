import type { ChildProcess } from 'node:child_process';
import type { Trainer } from '../activities/services.js';
import type { FoldCommand, FoldJob, FoldMessage, FoldOutcome } from '../engine/training/job.js';
import { EnvironmentFault, Fault } from '../errors/fault.js';
import { crash, startChild } from './child-process.js';

/** The training was told to stop; its checkpoint is written. */
export class TrainingStopped extends EnvironmentFault {}

/** A fault that the training process raised, under the name that it has there. */
export class TrainingFault extends Fault {
  constructor(
    fold: number,
    { name, message, retryable }: { name: string; message: string; retryable: boolean },
  ) {
    const where = `fold ${fold}`;
    super({ where, what: message.replace(`${where}: `, '') }, { retryable });
    this.name = name;
  }
}

export interface TrainerProcessOptions {
  /** What the child runs; see `trainer-child.ts`. */
  readonly script: string;
  /** How long a training that was told to stop may take for its checkpoint. Default 30 s. */
  readonly patienceMs?: number;
  /** Told what the child prints; by default it goes to stderr. */
  readonly onOutput?: (text: string) => void;
}

type TrainOptions = Parameters<Trainer['train']>[1];

/** Trains each fold in a process of its own: a crash of native code costs one attempt. */
export class TrainerProcess implements Trainer {
  constructor(private readonly options: TrainerProcessOptions) {}

  train(job: FoldJob, { onMessage, signal }: TrainOptions): Promise<FoldOutcome> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(stopped(job));
      const child = startChild(this.options.script, this.options.onOutput);
      let failure: Fault | undefined;
      let outcome: FoldOutcome | undefined;
      const release = this.stopOn(signal, child);
      child.on('message', (message: FoldMessage) => {
        if (message.type === 'finished') outcome = message.result;
        if (message.type === 'failed') failure = new TrainingFault(job.fold, message);
        onMessage(message);
      });
      child.on(
        'error',
        (error) =>
          (failure ??= new EnvironmentFault(
            { where: `fold ${job.fold}`, what: 'its process could not be started' },
            { cause: error },
          )),
      );
      // Not `exit`: messages may still be on their way then.
      child.on('close', (code, exitSignal) => {
        release();
        if (outcome !== undefined) resolve(outcome);
        else if (signal.aborted) reject(stopped(job));
        else reject(failure ?? crash(`fold ${job.fold}`, code, exitSignal));
      });
      tell(child, { type: 'train', job });
    });
  }

  /** Asks the child to stop when `signal` is aborted, and ends it where it does not. */
  private stopOn(signal: AbortSignal, child: ChildProcess): () => void {
    let kill: NodeJS.Timeout | undefined;
    const onAbort = (): void => {
      tell(child, { type: 'stop' });
      kill = setTimeout(() => child.kill('SIGKILL'), this.options.patienceMs ?? 30_000);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    return () => {
      signal.removeEventListener('abort', onAbort);
      clearTimeout(kill);
    };
  }
}

function tell(child: ChildProcess, command: FoldCommand): void {
  // A child that is gone cannot be told; its end is handled where it is noticed.
  if (child.connected) child.send(command, () => undefined);
}

function stopped({ fold }: FoldJob): TrainingStopped {
  return new TrainingStopped({ where: `fold ${fold}`, what: 'the training was stopped at a checkpoint' });
}
