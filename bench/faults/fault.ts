/** What the campaign does to a run, and how often relative to the others. */
export const faultWeights = {
  /** SIGKILL of the process that trains a fold. */
  trainer: 6,
  /** SIGKILL of a worker: its trainer leaves by itself. */
  worker: 4,
  /** SIGTERM of a worker, as a pod that is moved gets it. */
  'hand-over': 3,
  /** SIGKILL of the Temporal server. */
  server: 3,
  /** SIGKILL of server, workers and trainers at once. */
  everything: 1,
  /** SIGSTOP of a worker for longer than its heartbeats may fail: it wakes up as one that was given up. */
  freeze: 1,
  /** `temporal activity pause` of a fold in training, and `unpause`. */
  pause: 2,
} as const;

export type FaultKind = keyof typeof faultWeights;

export const faultKinds = Object.keys(faultWeights) as FaultKind[];

/** Kinds that leave no time to write a checkpoint. */
export const sudden: readonly FaultKind[] = ['trainer', 'worker', 'everything'];

export interface Fault {
  readonly kind: FaultKind;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Process numbers of the workers whose folds it met. */
  readonly workers: readonly number[];
}
