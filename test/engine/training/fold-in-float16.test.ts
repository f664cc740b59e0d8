import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ComputePrecision } from '../../../engine/precision/precision.js';
import type { LossScaleSettings } from '../../../engine/optim/loss-scale.js';
import { DivergenceFault } from '../../../engine/training/divergence.js';
import { trainFold, TrainingStopped } from '../../../engine/training/fold.js';
import type { FoldCheckpoint, FoldMessage } from '../../../engine/training/job.js';
import { foldBounds, foldDistance } from './fold-distance.js';
import { bits, interrupted, job, never, useSmallFolds } from './small-fold.js';

/** The processor refuses float16, since it gains nothing; here it stands in for a card. */
const computing = vi.hoisted((): { in: ComputePrecision; lossScale: LossScaleSettings } => ({
  in: 'float16',
  lossScale: { first: 2 ** 16, growth: 2, backoff: 0.5, interval: 2000 },
}));

const { lossScale: asGradScaler } = computing;

/** Large enough to overflow, and soon doubled again. */
const overflowing = { first: 2 ** 24, growth: 2, backoff: 0.5, interval: 3 };

const { learningRate, most } = foldBounds.float16;

vi.mock(import('../../../engine/precision/choice.js'), () => ({ precisionOn: () => computing.in }));
vi.mock(import('../../../engine/precision/precision.js'), async (original) => ({
  ...(await original()),
  lossScaleOf: (precision) => (precision === 'float16' ? computing.lossScale : null),
}));

useSmallFolds();

afterEach(() => Object.assign(computing, { in: 'float16', lossScale: asGradScaler }));

describe('a fold in float16', { timeout: 300_000 }, () => {
  it.each(['bert', 'deberta-v2'] as const)('of a %s from scratch judges as one in float32', async (type) => {
    computing.in = 'float32';
    const expected = await trainFold(job(type, {}, { learningRate }), () => undefined, never);
    computing.in = 'float16';
    const found = await trainFold(job(type, {}, { learningRate }), () => undefined, never);
    expect([expected.precision, found.precision]).toEqual([undefined, 'float16']);
    expect([expected.skippedSteps, found.skippedSteps]).toEqual([undefined, 0]);
    const { loss, probability } = foldDistance(found, expected);
    expect(loss).toBeLessThan(most.loss);
    expect(probability).toBeLessThan(most.probability);
  });

  it.each(['bert', 'deberta-v2'] as const)(
    'of a %s whose loss scale rises and falls ends with the same bits wherever it was stopped',
    async (type) => {
      computing.lossScale = overflowing;
      const whole = await trainFold(job(type), () => undefined, never);
      // After a step that was skipped, and in the middle of an interval.
      const { outcome } = await interrupted((changes) => job(type, changes), [1, 4, 9, 17]);
      expect(outcome.epochs).toEqual(whole.epochs);
      expect(bits(outcome)).toEqual(bits(whole));
      expect(whole.skippedSteps).toBeGreaterThan(1);
      expect(outcome.skippedSteps).toBe(whole.skippedSteps);
    },
  );

  it('does not go on from a checkpoint of one in float32, and says so', async () => {
    computing.in = 'float32';
    const stop = new AbortController();
    const resume: FoldCheckpoint[] = [];
    const listen = (message: FoldMessage): void => {
      if (message.type === 'step' && message.step === 3) stop.abort();
      if (message.type === 'checkpoint') resume.unshift(message.checkpoint);
    };
    await expect(trainFold(job('bert'), listen, stop.signal)).rejects.toThrow(TrainingStopped);
    computing.in = 'float16';
    const messages: FoldMessage[] = [];
    const again = await trainFold(job('bert', { resume }), (message) => messages.push(message), never);
    expect(messages).toContainEqual(expect.objectContaining({ type: 'started', resumedFrom: 0 }));
    expect(again.warnings.join(' ')).toContain('it was made by another engine, device or number of threads');
    expect(bits(again)).toEqual(bits(await trainFold(job('bert'), () => undefined, never)));
  });

  it('that overflows however small the loss scale has diverged', async () => {
    computing.lossScale = { ...overflowing, backoff: 2 ** -30 };
    const trained = trainFold(job('bert'), () => undefined, never);
    await expect(trained).rejects.toThrow(DivergenceFault);
    await expect(trained).rejects.toThrow(/even with a loss scale of 0\.0/);
  });
});
