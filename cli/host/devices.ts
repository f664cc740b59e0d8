import { automatic, type DeviceChoice } from '../../engine/device/choice.js';
import type { OutputListener } from '../../worker/child-process.js';
import { probeDevice, type UsableDevice } from '../../worker/devices/probe.js';
import { usableDevices } from '../../worker/devices/usable.js';

export interface DeviceSearch {
  /** Default: left open. */
  readonly device?: DeviceChoice | undefined;
  /** Told what was passed over. */
  readonly onMessage: (message: string) => void;
  /** Told what drivers print. */
  readonly onOutput?: OutputListener;
  /** Gives the search up. */
  readonly signal?: AbortSignal | undefined;
}

/** The devices of a host, each tried in a process of its own. @throws DeviceUnusable for one that does not start */
export async function hostDevices({
  device = automatic,
  onMessage,
  onOutput,
  signal,
}: DeviceSearch): Promise<readonly UsableDevice[]> {
  const options = {
    ...(onOutput === undefined ? {} : { onOutput }),
    ...(signal === undefined ? {} : { signal }),
  };
  return usableDevices(device, { probe: (name) => probeDevice(name, options), onMessage });
}
