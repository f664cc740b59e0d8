import { thisMachine, type Machine } from './machine.js';

/** How a machine is divided among the folds that train on it at once. */
export interface Shares {
  /** Folds trained at once. */
  readonly slots: number;
  /** Intra-op threads of each. */
  readonly threads: number;
}

/** What a fold of a base-sized model needs with room to spare; a smaller one needs less. */
const BYTES_PER_FOLD = 6 * 2 ** 30;

/** Cross-validation has five folds as a rule: more slots would stay empty. */
const MOST_SLOTS = 5;

/**
 * Folds side by side rather than threads side by side: a product split over threads waits for its slowest
 * part, folds wait for nothing. Depends on the machine
 * and the limits of its container alone, since the thread count is part of a fold's key.
 */
export function sharesOf(
  chosen: { readonly slots?: number; readonly threads?: number } = {},
  machine: Pick<Machine, 'processors' | 'bytes'> = thisMachine(),
): Shares {
  const fitting = Math.max(
    1,
    Math.min(machine.processors, MOST_SLOTS, Math.floor(machine.bytes / BYTES_PER_FOLD)),
  );
  const slots =
    chosen.slots ?? Math.max(1, Math.min(fitting, Math.floor(machine.processors / (chosen.threads ?? 1))));
  return { slots, threads: chosen.threads ?? Math.max(1, Math.floor(machine.processors / slots)) };
}
