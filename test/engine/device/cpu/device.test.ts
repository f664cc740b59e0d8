import { describe, expect, it } from 'vitest';
import { deviceNames, processor } from '../../../../engine/device/device.js';
import { openDevice } from '../../../../engine/device/open.js';
import { specifyDevice } from '../specification.js';

describe('the processor', () => {
  // As test/engine/training/curve.test.ts has them.
  specifyDevice(() => openDevice(processor, { threads: 2 }), { loss: 2e-6, norm: 2e-5, weights: 2e-5 });
});

it('every device that can be asked for by name is opened under it', async () => {
  for (const name of deviceNames) {
    const device = await openDevice(name, { threads: 1 });
    expect(device.name).toBe(name);
    device.release();
  }
});
