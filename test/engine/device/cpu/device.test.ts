import { describe, expect, it } from 'vitest';
import { processor, webGpu, type Device } from '../../../../engine/device/device.js';
import { openDevice } from '../../../../engine/device/open.js';
import { noWebGpu, withoutWebGpu } from '../../../setup/webgpu.js';
import { specifyDevice, specifyLossScale, specifyTraining } from '../specification.js';

describe('the processor', () => {
  // As test/engine/training/curve.test.ts has them.
  const tolerances = { logits: 5e-6, loss: 2e-6, norm: 2e-5, weights: 2e-5 };
  const open = (): Promise<Device> => openDevice(processor, { threads: 2 });
  specifyDevice(open, tolerances);
  specifyTraining(open, tolerances);
  specifyLossScale(open);
});

const missing: readonly string[] = noWebGpu ? [webGpu] : [];

it(`every device that can be asked for by name is opened under it${withoutWebGpu}`, async () => {
  for (const name of ([processor, webGpu] as const).filter((each) => !missing.includes(each))) {
    const device = await openDevice(name, { threads: 1 });
    expect(device.name).toBe(name);
    device.release();
  }
});
