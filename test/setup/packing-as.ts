import type { Device } from '../../engine/device/device.js';

/** The device, which packs the batches of a training as the other does: else their dropout masks are others. */
export function packingAs(device: Device, { alikeRuns }: Pick<Device, 'alikeRuns'>): Device {
  return Object.assign(Object.create(device) as Device, { alikeRuns });
}
