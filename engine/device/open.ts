import { CpuDevice } from './cpu/device.js';
import { WebGpuDevice } from './webgpu/device.js';
import type { Device, DeviceName } from './device.js';

export interface DeviceOptions {
  /** Of the processor; other devices take them for what they leave to it. */
  readonly threads: number;
}

/** @throws EnvironmentFault where the device does not start */
export async function openDevice(name: DeviceName, { threads }: DeviceOptions): Promise<Device> {
  const open: Readonly<Record<DeviceName, () => Device | Promise<Device>>> = {
    cpu: () => new CpuDevice(threads),
    webgpu: () => WebGpuDevice.start(threads),
  };
  return open[name]();
}
