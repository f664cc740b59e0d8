import { CpuDevice } from './cpu/device.js';
import type { Device, DeviceName } from './device.js';

export interface DeviceOptions {
  /** Of the processor; other devices take them for what they leave to it. */
  readonly threads: number;
}

/** @throws EnvironmentFault where the device does not start */
export function openDevice(name: DeviceName, { threads }: DeviceOptions): Promise<Device> {
  const open = { cpu: () => new CpuDevice(threads) } satisfies Record<DeviceName, () => Device>;
  return Promise.resolve(open[name]());
}
