import type { EpochMetrics } from '../engine/training/job.js';

export type StepState = 'pending' | 'running' | 'reused' | 'completed' | 'failed' | 'skipped';

export type RunState = 'running' | 'waiting' | 'completed' | 'failed' | 'cancelled';

/** Answer of the query `progress`. Derived from the workflow's state alone: no clock, no heartbeats. */
export interface Progress {
  readonly run: string;
  readonly pipeline: string;
  readonly state: RunState;
  /** What the run waits for, in words, while `state` is `waiting`. */
  readonly waitingFor: string | null;
  /** In the order of the file. */
  readonly steps: readonly StepProgress[];
  /** Messages that were ignored because no fold in training can have sent them, if there were any. */
  readonly ignored?: number;
}

export interface StepProgress {
  readonly step: string;
  readonly run: string;
  readonly needs: readonly string[];
  readonly state: StepState;
  /** One line: what failed, or what was reused. */
  readonly message: string | null;
  /** The cells of its matrix; empty for a plain step. */
  readonly cells: readonly CellProgress[];
  /** Of a plain step whose activity is not called as it is. */
  readonly activityId?: string;
}

export interface CellProgress {
  /** How it is called: `3`, or `seed-42/3` in a matrix over more than folds. */
  readonly cell: string;
  /** Of the ensemble; empty where folds are the only axis. */
  readonly member: string;
  /** 1 … K. */
  readonly fold: number;
  readonly state: StepState;
  readonly activityId: string;
  readonly message: string | null;
  /** Epochs done so far, as the fold signalled them. */
  readonly epochs: readonly EpochMetrics[];
  readonly bestF1: number | null;
}
