import koffi from 'koffi';
import { describe, expect, it } from 'vitest';
import { DeviceLog, logLine } from '../../../engine/runtime/device-log.js';
import type { DeviceFault } from '../../../engine/runtime/fault.js';

const error = 3;

function logged(log: DeviceLog, text: string): void {
  koffi.call(log.address, logLine, null, error, 'onnxruntime', 'foldwise', 'somewhere.cc:1', text);
}

describe('the log of devices', () => {
  it.each([
    [
      'WebGPU device error(3): vkCreateBuffer failed with VK_ERROR_OUT_OF_DEVICE_MEMORY\n - While calling …',
      'memory',
      'run: the device has no memory left; found vkCreateBuffer failed with VK_ERROR_OUT_OF_DEVICE_MEMORY',
    ],
    [
      'WebGPU device error(2): Buffer size exceeds the limit.',
      'other',
      'run: the device reported an error; found Buffer size exceeds the limit.',
    ],
    [
      'WebGPU device error(2): Buffer size (4294967312) exceeds the max buffer size limit (4294967295).\n - While …',
      'memory',
      'run: the device has no memory left; found Buffer size (4294967312) exceeds the max buffer size limit (4294967295).',
    ],
    ['WebGPU device lost (1): a reset.', 'lost', 'run: the device is lost; found a reset.'],
  ])('makes a fault of “%s”', (text, kind, message) => {
    const log = new DeviceLog();
    logged(log, text);
    const verify = (): void => log.verify('run');
    expect(verify).toThrow(expect.objectContaining({ kind, message, retryable: true }) as DeviceFault);
    // Told once.
    expect(verify).not.toThrow();
  });

  it('keeps silent about everything else', () => {
    const log = new DeviceLog();
    logged(log, 'Non-zero status code returned while running Mul node.');
    expect(() => log.verify('run')).not.toThrow();
  });
});
