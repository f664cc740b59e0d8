import type { Pack } from './packing.js';
import type { StateUpdate, UpdateOptions, UpdateTensors } from './state-update.js';

/** What a card computes in a step by kernels of its own, where another has programs for it. */
export interface CardKernels {
  /** Launches so far. */
  readonly launched: number;

  /** @throws EnvironmentFault where the card does not take them; DeviceFault where it fails */
  update(tensors: UpdateTensors, options: UpdateOptions): Promise<StateUpdate>;

  /** Launches of an update, by kernel. */
  launchesOfUpdate(packs: readonly Pack[]): ReadonlyMap<string, number>;
}
