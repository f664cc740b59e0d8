import { Counter, exposition, Gauge, Histogram, residentMemory } from '../../telemetry/instruments.js';
import { processor, type CardFacts, type DeviceName } from '../../engine/device/device.js';
import type { Instrument, Labels } from '../../telemetry/instruments.js';
import { childMemory } from '../children.js';
import { thisMachine } from '../machine.js';
import { FoldsInTraining, foldStates } from './folds-in-training.js';

/** Of one call of the store: a look-up in a folder takes a fraction of a millisecond, a model's upload minutes. */
const storeBounds = [0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120];
const checkpointBounds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** What is only known once a worker works. */
export interface WorkerFacts {
  readonly version: string;
  /** Folds that train at once at most. */
  readonly slots: number;
  /** What folds train on. */
  readonly devices: readonly { readonly name: DeviceName; readonly card: CardFacts | null }[];
  /** Of the file system that the workdir is on; null where it does not say. */
  readonly disk: () => DiskSpace | null;
}

export interface DiskSpace {
  readonly bytes: number;
  readonly freeBytes: number;
}

/**
 * What a worker tells of itself, and the one owner of the names that it has: docs/operations.md, the dashboard
 * and the alerts are held to them. No label is a run, a path or anything of a table.
 */
export class WorkerMetrics {
  readonly folds: FoldsInTraining;
  /** Calls of trainFold under way, those included that wait. */
  foldsTaken = 0;
  private facts: WorkerFacts | undefined;

  readonly steps = new Counter('foldwise_training_steps_total', 'Optimizer steps done.');
  readonly tokens = new Counter(
    'foldwise_training_tokens_total',
    'Tokens of the texts that those steps read, without padding.',
  );
  readonly epochs = new Counter('foldwise_training_epochs_total', 'Epochs that ended, judged.');
  readonly attempts = new Counter(
    'foldwise_fold_attempts_total',
    'Trainings that ended: finished, stopped (by a shutdown or a cancellation), diverged, out_of_memory, crashed or failed.',
    { labels: ['outcome'] },
  );
  readonly checkpointSeconds = new Histogram(
    'foldwise_checkpoint_seconds',
    'Seconds that a training stood still for a checkpoint.',
    checkpointBounds,
  );
  readonly checkpointBytes = new Counter('foldwise_checkpoint_bytes_total', 'Bytes of checkpoints written.');
  readonly activities = new Counter(
    'foldwise_activity_attempts_total',
    'Attempts at activities that ended: completed, failed (to be tried again), refused (for good) or cancelled.',
    { labels: ['activity', 'outcome'] },
  );
  readonly retries = new Counter(
    'foldwise_activity_retries_total',
    'Attempts at activities that were not the first.',
    { labels: ['activity'] },
  );
  readonly storeSeconds = new Histogram(
    'foldwise_store_seconds',
    'Seconds of a call of the store, to its answer.',
    storeBounds,
    { labels: ['operation'] },
  );
  readonly storeFailures = new Counter('foldwise_store_failures_total', 'Calls of the store that failed.', {
    labels: ['operation'],
  });
  readonly storeBytes = new Counter(
    'foldwise_store_bytes_total',
    'Bytes read from the store and written to it.',
    {
      labels: ['direction'],
    },
  );
  private readonly gauges: readonly Gauge[];

  /**
   * @param ready whether the worker is ready, as /readyz says
   * @param now milliseconds since the epoch
   */
  constructor(ready: () => boolean = () => false, now: () => number = Date.now) {
    this.folds = new FoldsInTraining(now);
    this.gauges = [...this.foldGauges(), ...this.workerGauges(ready), ...this.machineGauges()];
  }

  /** What the worker is, once that is known. */
  tell(facts: WorkerFacts): void {
    this.facts = facts;
  }

  get instruments(): readonly Instrument[] {
    const training = [this.steps, this.tokens, this.epochs, this.attempts];
    const checkpoints = [this.checkpointSeconds, this.checkpointBytes];
    const store = [this.storeSeconds, this.storeFailures, this.storeBytes];
    return [...training, ...checkpoints, this.activities, this.retries, ...store, ...this.gauges];
  }

  render(): string {
    return exposition(this.instruments);
  }

  private foldGauges(): Gauge[] {
    const { folds } = this;
    const perSlot = { labels: ['slot'] };
    const bySlot = (name: string, help: string, value: Parameters<FoldsInTraining['read']>[0]): Gauge =>
      new Gauge(name, help, () => folds.read(value), perSlot);
    return [
      new Gauge(
        'foldwise_folds',
        `Folds that this worker has taken up, by what they are at: ${foldStates.join(', ')}.`,
        () =>
          foldStates.map((state) => {
            const waiting = Math.max(0, this.foldsTaken - folds.size);
            return [{ state }, state === 'waiting' ? waiting : folds.count(state)] as const;
          }),
        { labels: ['state'] },
      ),
      bySlot('foldwise_fold_loss', 'Loss of the latest step of a fold in training.', ({ loss }) => loss),
      bySlot(
        'foldwise_fold_progress_ratio',
        'Share of its steps that a fold has done.',
        ({ share }) => share,
      ),
      bySlot(
        'foldwise_fold_step_seconds',
        'Running mean of the seconds of a step.',
        ({ secondsPerStep }) => secondsPerStep,
      ),
      bySlot(
        'foldwise_fold_progress_timestamp_seconds',
        'When a fold in training last came along.',
        ({ progressAt }) => progressAt / 1000,
      ),
      bySlot(
        'foldwise_fold_checkpoint_timestamp_seconds',
        'When a fold in training last wrote a checkpoint, or else began.',
        ({ checkpointAt }) => checkpointAt / 1000,
      ),
    ];
  }

  private workerGauges(ready: () => boolean): Gauge[] {
    return [
      new Gauge('foldwise_worker_ready', '1 where /readyz says so.', () => Number(ready())),
      new Gauge('foldwise_slots', 'Folds that train at once at most.', () => this.facts?.slots ?? 0),
      new Gauge(
        'foldwise_build_info',
        '1; its label has the version.',
        () => (this.facts === undefined ? [] : [[{ version: this.facts.version }, 1]]),
        { labels: ['version'] },
      ),
    ];
  }

  private machineGauges(): Gauge[] {
    /** Of a card, what its driver tells: which is not what is free. */
    const memory = (
      ofMachine: () => number,
      ofCard: (card: CardFacts) => number | null,
    ): Iterable<readonly [Labels, number]> =>
      (this.facts?.devices ?? []).flatMap(({ name, card }) => {
        const bytes = name === processor ? ofMachine() : card === null ? null : ofCard(card);
        return bytes === null ? [] : [[{ device: name }, bytes] as const];
      });
    const disk = (read: (space: DiskSpace) => number) => (): [object & Record<string, string>, number][] => {
      const space = this.facts?.disk() ?? null;
      return space === null ? [] : [[{}, read(space)]];
    };
    return [
      new Gauge(
        'foldwise_children_resident_memory_bytes',
        'Resident memory of the child processes, by what they are for.',
        () => [...childMemory()].map(([kind, bytes]) => [{ kind }, bytes] as const),
        { labels: ['kind'] },
      ),
      new Gauge(
        'foldwise_device_memory_bytes',
        "Memory of the device that trains; of the processor, what the machine's control groups allow.",
        () =>
          memory(
            () => thisMachine().bytes,
            ({ memoryBytes }) => memoryBytes,
          ),
        { labels: ['device'] },
      ),
      new Gauge(
        'foldwise_device_memory_free_bytes',
        'Of that, what is free; of the processor alone.',
        () =>
          memory(
            () => thisMachine().freeBytes,
            () => null,
          ),
        { labels: ['device'] },
      ),
      new Gauge(
        'foldwise_disk_bytes',
        'Size of the file system of the workdir.',
        disk(({ bytes }) => bytes),
      ),
      new Gauge(
        'foldwise_disk_free_bytes',
        'Of that, what is free.',
        disk(({ freeBytes }) => freeBytes),
      ),
      residentMemory(),
    ];
  }
}
