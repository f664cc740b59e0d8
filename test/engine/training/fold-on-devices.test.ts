import { describe, expect, it, vi } from 'vitest';
import { processor } from '../../../engine/device/device.js';
import { trainFold, TrainingStopped } from '../../../engine/training/fold.js';
import type { FoldCheckpoint, FoldJob, FoldMessage } from '../../../engine/training/job.js';
import { otherDevices, precisionsOn } from '../../setup/devices.js';
import { opened } from '../../setup/opened-device.js';
import { packingAs } from '../../setup/packing-as.js';
import { foldBounds, foldDistance } from './fold-distance.js';
import { bits, interrupted, job, never, useSmallFolds } from './small-fold.js';

/** As the processor packs its batches. */
const packing = vi.hoisted(() => ({ alikeRuns: false }));

vi.mock(import('../../../engine/device/open.js'), async (original) => {
  const { openDevice, ...others } = await original();
  return {
    ...others,
    openDevice: async (name, options) => {
      const device = await openDevice(name, options);
      return name === processor ? packingAs(device, packing) : device;
    },
  };
});

useSmallFolds();

describe.each(otherDevices)('a fold on $title', { timeout: 600_000 }, ({ name, missing, open }) => {
  const device = opened(() => open(1));
  const there = { device: name };

  const folds = (['bert', 'deberta-v2'] as const).flatMap((type) =>
    precisionsOn(name).map((precision) => [type, precision] as const),
  );

  it.skipIf(missing).each(folds)(
    'of a %s from scratch in %s judges as the processor’s, and ends with the same bits wherever it was stopped',
    async (type, precision) => {
      const { learningRate, most } = foldBounds[precision];
      packing.alikeRuns = device().alikeRuns;
      const expected = await trainFold(job(type, {}, { learningRate }), () => undefined, never);
      const { live } = device();
      // By its name: what `auto` is depends on the device.
      const training = { learningRate, precision };
      const whole = await trainFold(job(type, there, training), () => undefined, never);
      const again = (changes: Partial<FoldJob>): FoldJob => job(type, { ...there, ...changes }, training);
      const { outcome } = await interrupted(again, [3, 7, 15]);
      expect(outcome.epochs).toEqual(whole.epochs);
      expect(bits(outcome)).toEqual(bits(whole));
      expect([expected.device, whole.device]).toEqual([processor, name]);
      expect([expected.precision, whole.precision ?? 'float32']).toEqual([undefined, precision]);
      const { loss, probability } = foldDistance(whole, expected);
      expect(loss).toBeLessThan(most.loss);
      expect(probability).toBeLessThan(most.probability);
      expect(device().live).toEqual(live);
    },
  );

  it.skipIf(missing)('that is stopped in the middle of a step ends with the same bits', async () => {
    const whole = await trainFold(job('bert', there), () => undefined, never);
    const stop = new AbortController();
    const resume: FoldCheckpoint[] = [];
    const listen = (message: FoldMessage): void => {
      if (message.type === 'step' && message.step === 5) setImmediate(() => stop.abort());
      if (message.type === 'checkpoint') resume.unshift(message.checkpoint);
    };
    await expect(trainFold(job('bert', there), listen, stop.signal)).rejects.toThrow(TrainingStopped);
    expect(resume[0]!.step).toBeGreaterThanOrEqual(5);
    expect(bits(await trainFold(job('bert', { ...there, resume }), () => undefined, never))).toEqual(
      bits(whole),
    );
  });
});
