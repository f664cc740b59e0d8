import type { DeviceName } from '../engine/device/device.js';
import type { RunSettings } from './contracts.js';
import type { Services } from './services.js';

/**
 * Stands for whichever device trained a fold: under it a fold is filed once more, for workers that look for one and
 * cannot know the devices of the others.
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
 * The devices by which a finished fold is looked for, best first. Who lets a process of its own do a run says what it
 * is trained on, and has nothing else taken for that: another device gives other bits. Who starts one for workers to do
 * leaves it to them: chance decides which of them gets a fold, and what one has finished no other trains again.
 *
 * @param first the device that would train it
 */
export function devicesToFind(
  { devices, accepts, trains = true }: Pick<Services, 'devices' | 'accepts' | 'trains'>,
  first?: DeviceName,
): (DeviceName | typeof anyDevice)[] {
  if (!trains) return [anyDevice];
  const own = new Set(first === undefined ? devices.names : [first, ...devices.names]);
  return accepts === null ? [...own, anyDevice] : [...own];
}
