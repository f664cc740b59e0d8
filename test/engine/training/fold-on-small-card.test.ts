import { afterEach, describe, expect, it, vi } from 'vitest';
import { bytesOfNorm } from '../../../engine/device/cuda/norm-sums.js';
import type { CardFacts, Device } from '../../../engine/device/device.js';
import { trainFold } from '../../../engine/training/fold.js';
import type { FoldOutcome } from '../../../engine/training/job.js';
import { InputFault } from '../../../errors/fault.js';
import type { TrainingOptions } from '../../../pipeline/training.js';
import { residentOnProcessor } from '../../setup/resident-on-processor.js';
import { bits, job, never, useSmallFolds } from './small-fold.js';

/** What the card says of its memory. */
const fake = vi.hoisted((): { memoryBytes: number | null } => ({ memoryBytes: null }));

vi.mock(import('../../../engine/device/open.js'), () => ({
  openDevice: async (): Promise<Device> => {
    const device = await residentOnProcessor(1);
    const { memoryBytes } = fake;
    const card: CardFacts = { name: 'A card', id: null, driver: '1', memoryBytes, isSoftware: false };
    return Object.assign(device, { card });
  },
}));

useSmallFolds();
afterEach(() => Object.assign(fake, { memoryBytes: null }));

const train = (training: Partial<TrainingOptions> = {}): Promise<FoldOutcome> => {
  const options = { epochs: 1, precision: 'float32', ...training } as const;
  return trainFold(job('bert', { device: 'cuda:0' }, options), () => undefined, never);
};

describe('a fold on a card', { timeout: 300_000 }, () => {
  const context = 800 * 2 ** 20;

  it('passes in as many texts as the card is counted to hold, and has the bits of their number', async () => {
    const whole = await train();
    expect(whole.microBatch).toBeUndefined();
    fake.memoryBytes = context + bytesOfNorm + 900_000;
    const split = await train();
    expect(split.microBatch).toBeLessThan(7);
    expect(split.warnings.join()).toMatch(
      /does not fit the memory of cuda:0: it passes in micro-batches of \d/,
    );
    fake.memoryBytes = null;
    expect(bits(await train({ microBatch: split.microBatch! }))).toEqual(bits(split));
  });

  it('is refused where not one text fits, before it is trained', async () => {
    fake.memoryBytes = context;
    const failure: unknown = await train().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(InputFault);
    expect(String(failure)).toMatch(/a training step would not fit the memory of cuda:0 \(A card\)/);
  });
});
