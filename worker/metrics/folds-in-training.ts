import type { FoldMessage, FoldPhase } from '../../engine/training/job.js';
import type { Labels } from '../../telemetry/instruments.js';

/** What a fold that a worker has taken up is at; `waiting` is one without a trainer: for its lease, or for the store. */
export const foldStates = [
  'waiting',
  'preparing',
  'training',
  'judging',
  'checkpointing',
  'exporting',
] as const;
type FoldState = (typeof foldStates)[number];

const stateOf: Readonly<Record<FoldPhase, FoldState>> = {
  preparing: 'preparing',
  tokenising: 'preparing',
  compiling: 'preparing',
  training: 'training',
  judging: 'judging',
  'writing a checkpoint': 'checkpointing',
  exporting: 'exporting',
};

/** A fold while it trains. Times are milliseconds since the epoch. */
export interface FoldInTraining {
  readonly slot: number;
  state: FoldState;
  progressAt: number;
  /** The start, before there is a checkpoint. */
  checkpointAt: number;
  loss: number | null;
  /** Done of its optimizer steps, 0 … 1. */
  share: number;
  secondsPerStep: number | null;
}

/**
 * The folds that train here now. They are told apart by the place that they have, from 1 to the number of slots:
 * names of runs would make the time series of a store of metrics grow for ever.
 */
export class FoldsInTraining {
  private readonly folds = new Map<number, FoldInTraining>();

  /** @param now milliseconds since the epoch */
  constructor(private readonly now: () => number = Date.now) {}

  begin(): FoldInTraining {
    let slot = 1;
    while (this.folds.has(slot)) slot += 1;
    const [at, nothing] = [this.now(), { loss: null, share: 0, secondsPerStep: null }];
    const fold: FoldInTraining = { slot, state: 'preparing', progressAt: at, checkpointAt: at, ...nothing };
    this.folds.set(slot, fold);
    return fold;
  }

  end({ slot }: FoldInTraining): void {
    this.folds.delete(slot);
  }

  take(fold: FoldInTraining, message: FoldMessage): void {
    // `alive` says that the process runs, and not that it comes along.
    if (message.type === 'alive') return;
    fold.progressAt = this.now();
    if (message.type === 'phase') fold.state = stateOf[message.phase];
    if (message.type === 'checkpoint') fold.checkpointAt = this.now();
    if (message.type !== 'step') return;
    fold.loss = message.loss;
    fold.share = message.step / message.steps;
    fold.secondsPerStep = message.secondsPerStep;
  }

  count(state: FoldState): number {
    return [...this.folds.values()].filter((fold) => fold.state === state).length;
  }

  get size(): number {
    return this.folds.size;
  }

  /** One reading for each fold of which there is one. */
  *read(value: (fold: FoldInTraining) => number | null): Iterable<readonly [Labels, number]> {
    for (const fold of this.folds.values()) {
      const found = value(fold);
      if (found !== null) yield [{ slot: String(fold.slot) }, found];
    }
  }
}
