import type { Device, DeviceName } from './device.js';

export interface DeviceOptions {
  /** Of the processor; other devices take them for what they leave to it. */
  readonly threads: number;
}

/** Only the device that is asked for is loaded. @throws EnvironmentFault where the device does not start */
export async function openDevice(name: DeviceName, { threads }: DeviceOptions): Promise<Device> {
  const open: Readonly<Record<DeviceName, () => Promise<Device>>> = {
    cpu: async () => new (await import('./cpu/device.js')).CpuDevice(threads),
    webgpu: async () => (await import('./webgpu/device.js')).WebGpuDevice.start(threads),
  };
  return open[name]();
}
