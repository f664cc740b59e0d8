import type { DeviceName } from '../engine/device/device.js';
import type { RunSettings } from './contracts.js';
import type { Services } from './services.js';

/**
 * Stands for whichever device trained a fold: under it a fold is filed once more, for workers that look for one and
 * train none, and cannot know the devices of those that do.
 */
export const anyDevice = 'any' as const;

/** The same, where it is computed on a device of this worker: its key is that of this device. */
export function onDevice<Occasion extends { readonly settings: RunSettings }>(
  occasion: Occasion,
  device: DeviceName | typeof anyDevice,
): Occasion {
  return { ...occasion, settings: { ...occasion.settings, device } };
}

/**
 * The devices by which a finished fold is looked for. A worker that trains takes what its own have trained, and
 * nothing else: it would train anew where another device gave other bits. One that trains none takes what there is.
 *
 * @param first the device that would train it
 */
export function devicesToFind(
  { devices, trains = true }: Pick<Services, 'devices' | 'trains'>,
  first?: DeviceName,
): (DeviceName | typeof anyDevice)[] {
  if (!trains) return [anyDevice];
  return [...new Set(first === undefined ? devices.names : [first, ...devices.names])];
}
