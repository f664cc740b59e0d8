import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { processor } from '../../../engine/device/device.js';
import { trainFold, TrainingStopped } from '../../../engine/training/fold.js';
import type { FoldCheckpoint, FoldMessage, FoldOutcome } from '../../../engine/training/job.js';
import { otherDevices } from '../../setup/devices.js';
import { opened } from '../../setup/opened-device.js';
import { bits, interrupted, job, never, useSmallFolds } from './small-fold.js';

/** How far the devices may be apart over 28 steps at a high rate. */
const bounds = { loss: 1e-5, probability: 1e-4 };

useSmallFolds();

const probabilitiesOf = ({ probabilities }: FoldOutcome): Float32Array =>
  new Float32Array(new Uint8Array(readFileSync(probabilities)).buffer);

describe.each(otherDevices)('a fold on $title', { timeout: 600_000 }, ({ name, missing, open }) => {
  const device = opened(() => open(1));
  const there = { device: name };

  it.skipIf(missing).each(['bert', 'deberta-v2'] as const)(
    'of a %s from scratch judges as the processor’s, and ends with the same bits wherever it was stopped',
    async (type) => {
      const expected = await trainFold(job(type), () => undefined, never);
      const { live } = device();
      const whole = await trainFold(job(type, there), () => undefined, never);
      const { outcome } = await interrupted((changes) => job(type, { ...there, ...changes }), [3, 7, 15]);
      expect(outcome.epochs).toEqual(whole.epochs);
      expect(bits(outcome)).toEqual(bits(whole));
      expect([expected.device, whole.device]).toEqual([processor, name]);
      expect(whole.epochs).toHaveLength(expected.epochs.length);
      for (const [epoch, { trainLoss }] of expected.epochs.entries())
        expect(Math.abs(whole.epochs[epoch]!.trainLoss - trainLoss), `epoch ${epoch}`).toBeLessThan(
          bounds.loss,
        );
      const theirs = probabilitiesOf(expected);
      const errors = probabilitiesOf(whole).map((value, place) => Math.abs(value - theirs[place]!));
      expect(errors).toHaveLength(theirs.length);
      expect(Math.max(...errors)).toBeLessThan(bounds.probability);
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
