import { processor, type DeviceName } from '../engine/device/device.js';
import { InputFault } from '../errors/fault.js';
import { thisMachine, type Machine } from './machine.js';

/** How a machine is divided among the folds that train on it at once. */
export interface Shares {
  /** Folds trained at once. */
  readonly slots: number;
  /** Intra-op threads of each. */
  readonly threads: number;
  /** The device of each. */
  readonly places: readonly DeviceName[];
}

export interface ChosenShares {
  readonly slots?: number;
  readonly threads?: number;
  /** Default: the processor. */
  readonly devices?: readonly DeviceName[];
}

/** What a fold of a base-sized model needs with room to spare; a smaller one needs less. */
const BYTES_PER_FOLD = 6 * 2 ** 30;

/** Cross-validation has five folds as a rule: more slots would stay empty. */
const MOST_SLOTS = 5;

/**
 * Folds side by side rather than threads side by side: a product split over threads waits for its slowest
 * part, folds wait for nothing. Depends on the machine
 * and the limits of its container alone, since the thread count is part of a fold's key.
 *
 * A card trains one fold at a time: where there is one, or several devices, each has its slot.
 *
 * @throws InputFault for another number of slots than that of such devices
 */
export function sharesOf(
  { slots: asked, threads: askedThreads, devices = [processor] }: ChosenShares = {},
  machine: Pick<Machine, 'processors' | 'bytes'> = thisMachine(),
): Shares {
  const threadsOf = (slots: number): number =>
    askedThreads ?? Math.max(1, Math.floor(machine.processors / slots));
  const [device = processor] = devices;
  if (devices.length > 1 || device !== processor) {
    if (asked !== undefined && asked !== devices.length) throw otherSlots(asked, devices);
    return { slots: devices.length, threads: threadsOf(devices.length), places: devices };
  }
  const fitting = Math.max(
    1,
    Math.min(machine.processors, MOST_SLOTS, Math.floor(machine.bytes / BYTES_PER_FOLD)),
  );
  const slots = asked ?? Math.max(1, Math.min(fitting, Math.floor(machine.processors / (askedThreads ?? 1))));
  return { slots, threads: threadsOf(slots), places: Array<DeviceName>(slots).fill(device) };
}

function otherSlots(slots: number, devices: readonly DeviceName[]): InputFault {
  return new InputFault({
    where: 'slots',
    what: 'a card trains one fold at a time, so there are as many slots as devices',
    found: String(slots),
    expected: `${devices.length}, for ${devices.join(',')}`,
    remedy: 'Leave --slots out, or name other devices.',
  });
}
