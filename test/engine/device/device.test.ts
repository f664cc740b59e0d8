import { describe, expect, it } from 'vitest';
import { testDevices, untried } from '../../setup/devices.js';
import { specifyDevice, specifyLossScale, specifyTraining } from './specification.js';

/** As test/engine/training/curve.test.ts has them. */
const tolerances = { logits: 5e-6, loss: 2e-6, norm: 2e-5, weights: 2e-5 };

// A driver in software compiles each shader of each shape anew, which takes longer than all the rest.
for (const device of testDevices) {
  describe.skipIf(device.missing)(device.title, { timeout: 300_000 }, () => {
    specifyDevice(() => device.open(2), tolerances);
    specifyTraining(() => device.open(2), tolerances);
    specifyLossScale(() => device.open(2));

    it('is opened under the name that it is asked for by', async () => {
      const opened = await device.open(1);
      expect(opened.name).toBe(device.name);
      opened.release();
    });
  });
}

for (const { title } of untried) it.skip(title);
