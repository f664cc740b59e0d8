import { describe } from 'vitest';
import { residentOnProcessor } from '../../../setup/resident-on-processor.js';
import { specifyDevice, specifyLossScale, specifyTraining } from '../specification.js';

/** As the processor itself is held to (test/engine/device/device.test.ts). */
const tolerances = { logits: 5e-6, loss: 2e-6, norm: 2e-5, weights: 2e-5 };

describe('a device with memory of its own, for which the processor stands in', { timeout: 300_000 }, () => {
  specifyDevice(() => residentOnProcessor(2), tolerances);
  specifyTraining(() => residentOnProcessor(2), tolerances);
  specifyLossScale(() => residentOnProcessor(2));
});
