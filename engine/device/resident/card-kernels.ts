import type { View } from '../../runtime/runtime.js';
import type { Device } from '../device.js';
import type { Pack } from './packing.js';
import type { RunMasks } from './run-masks.js';
import type { StateUpdate, UpdateOptions, UpdateTensors } from './state-update.js';

/** What a card computes in a step by kernels of its own, where another has programs for it. */
export interface CardKernels {
  /** Launches so far. */
  readonly launched: number;

  /** @throws EnvironmentFault where the card does not take them; DeviceFault where it fails */
  update(tensors: UpdateTensors, options: UpdateOptions): Promise<StateUpdate>;

  /** @param view of the device */
  masks(device: Pick<Device, 'allocate'>, view: View): RunMasks;

  /** Launches of an update, by kernel. */
  launchesOfUpdate(packs: readonly Pack[]): ReadonlyMap<string, number>;
}
