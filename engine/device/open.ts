import { cardNumber, processor, webGpu, type Device, type DeviceName } from './device.js';

export interface DeviceOptions {
  /** Of the processor; other devices take them for what they leave to it. */
  readonly threads: number;
}

/** Only the device that is asked for is loaded. @throws Fault where the device does not start */
export async function openDevice(name: DeviceName, { threads }: DeviceOptions): Promise<Device> {
  if (name === processor) return new (await import('./cpu/device.js')).CpuDevice(threads);
  if (name === webGpu) return (await import('./webgpu/device.js')).startWebGpu(threads);
  return (await import('./cuda/device.js')).startCuda(cardNumber(name), threads);
}
