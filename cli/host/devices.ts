import { automatic, type DeviceChoice } from '../../engine/device/choice.js';
import type { OutputListener } from '../../worker/child-process.js';
import { probeDevice, type UsableDevice } from '../../worker/devices/probe.js';
import { usableDevices } from '../../worker/devices/usable.js';
import { sharesOf } from '../../worker/shares.js';

export interface DeviceSearch {
  /** Default: left open. */
  readonly device?: DeviceChoice | undefined;
  /** Folds at once that are asked for. */
  readonly slots?: number | undefined;
  /** Told what was passed over. */
  readonly onMessage: (message: string) => void;
  /** Told what drivers print. */
  readonly onOutput?: OutputListener;
  /** Gives the search up. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The devices of a host, each tried in a process of its own.
 *
 * @throws DeviceUnusable for one that does not start; InputFault for slots that do not go with them
 */
export async function hostDevices({
  device = automatic,
  slots,
  onMessage,
  onOutput,
  signal,
}: DeviceSearch): Promise<readonly UsableDevice[]> {
  // Slots that do not go with what is asked for need no driver to be told of.
  if (device !== automatic) sharesOf({ devices: device, ...(slots === undefined ? {} : { slots }) });
  const options = {
    ...(onOutput === undefined ? {} : { onOutput }),
    ...(signal === undefined ? {} : { signal }),
  };
  return usableDevices(device, { probe: (name) => probeDevice(name, options), onMessage });
}
