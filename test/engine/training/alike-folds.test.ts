import { describe, expect, it, vi } from 'vitest';
import { processor, type DeviceName } from '../../../engine/device/device.js';
import { trainFold } from '../../../engine/training/fold.js';
import type { FoldJob } from '../../../engine/training/job.js';
import type { TrainingOptions } from '../../../pipeline/training.js';
import { packingAs } from '../../setup/packing-as.js';
import { residentOnProcessor } from '../../setup/resident-on-processor.js';
import { foldBounds, foldDistance } from './fold-distance.js';
import { bits, interrupted, job, never, useSmallFolds } from './small-fold.js';

const packing = vi.hoisted(() => ({ alikeRuns: true }));

// The processor fills batches up as a card of CUDA does, and stands in for one.
vi.mock(import('../../../engine/device/open.js'), async (original) => {
  const { openDevice, ...others } = await original();
  return {
    ...others,
    openDevice: async (name, options) =>
      name === processor
        ? packingAs(await openDevice(name, options), packing)
        : residentOnProcessor(options.threads),
  };
});

useSmallFolds();

const { learningRate, most } = foldBounds.float32;

type Type = Parameters<typeof job>[0];

const jobOf = (
  type: Type,
  { windows, ...training }: Partial<TrainingOptions> & { windows?: FoldJob['model']['windows'] },
  changes: Partial<FoldJob> = {},
): FoldJob => {
  const made = job(type, changes, { epochs: 2, precision: 'float32', learningRate, ...training });
  return windows === undefined ? made : { ...made, model: { ...made.model, maxLength: 8, windows } };
};

describe('a fold whose batches are filled up', { timeout: 300_000 }, () => {
  it.each<[Type, DeviceName, Parameters<typeof jobOf>[1]]>([
    ['bert', processor, {}],
    ['deberta-v2', processor, { accumulate: 2, microBatch: 3, rDrop: 1 }],
    ['bert', processor, { windows: { overlap: 2, most: 4 }, rDrop: 1 }],
    ['deberta-v2', processor, { windows: { overlap: 2, most: 4 }, microBatch: 2 }],
    ['bert', processor, { freezeLayers: 1, cacheFrozen: true, evaluations: 2 }],
    ['deberta-v2', 'cuda:0', { fgm: 0.1, microBatch: 4 }],
  ])(
    'of a %s on %s with %o ends with the same bits wherever it was stopped',
    async (type, device, options) => {
      const whole = await trainFold(jobOf(type, options, { device }), () => undefined, never);
      const { outcome } = await interrupted(
        (changes) => jobOf(type, options, { ...changes, device }),
        [3, 6],
      );
      expect(outcome.epochs).toEqual(whole.epochs);
      expect(bits(outcome)).toEqual(bits(whole));
    },
  );

  it.each<[Type, Parameters<typeof jobOf>[1]]>([
    ['bert', {}],
    ['deberta-v2', { windows: { overlap: 2, most: 4 }, accumulate: 2 }],
    ['bert', { freezeLayers: 1, cacheFrozen: true }],
  ])('of a %s with %o judges on a card as on the processor', async (type, options) => {
    const expected = await trainFold(jobOf(type, options), () => undefined, never);
    const there = jobOf(type, options, { device: 'cuda:0' });
    const found = await trainFold(there, () => undefined, never);
    const { loss, probability } = foldDistance(found, expected);
    expect(loss).toBeLessThan(most.loss);
    expect(probability).toBeLessThan(most.probability);
  });

  it('draws other dropout than one whose batches are not, and comes as far', async () => {
    const filled = await trainFold(jobOf('bert', { epochs: 4 }), () => undefined, never);
    packing.alikeRuns = false;
    const plain = await trainFold(jobOf('bert', { epochs: 4 }), () => undefined, never);
    packing.alikeRuns = true;
    expect(bits(filled)).not.toEqual(bits(plain));
    const [ours, theirs] = [filled.epochs[3]!.trainLoss, plain.epochs[3]!.trainLoss];
    expect(Math.abs(ours - theirs)).toBeLessThan(0.1);
  });
});
