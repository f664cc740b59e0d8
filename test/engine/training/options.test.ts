import { describe, expect, it } from 'vitest';
import { trainFold } from '../../../engine/training/fold.js';
import type { FoldOutcome } from '../../../engine/training/job.js';
import type { TrainingOptions } from '../../../pipeline/training.js';
import { bits, interrupted, job, never, useSmallFolds } from './small-fold.js';

useSmallFolds();

const train = (training: Partial<TrainingOptions>): Promise<FoldOutcome> =>
  trainFold(job('bert', {}, { epochs: 2, ...training }), () => undefined, never);

/** Each option by a value other than its neutral one. */
const options: readonly (readonly [title: string, settings: Partial<TrainingOptions>])[] = [
  ['a cosine schedule', { schedule: 'cosine' }],
  ['a polynomial schedule', { schedule: 'polynomial', schedulePower: 2 }],
  ['a rate that falls from layer to layer', { layerDecay: 0.7 }],
];

describe('a fold trained with', () => {
  it.each(options)('%s is another, and the same however often it was stopped', async (_, settings) => {
    const whole = await train(settings);
    const { outcome } = await interrupted(
      (changes) => job('bert', changes, { epochs: 2, ...settings }),
      [3, 7, 10],
    );
    expect(outcome.epochs).toEqual(whole.epochs);
    expect(bits(outcome)).toEqual(bits(whole));
    expect(whole.epochs).not.toEqual((await train({})).epochs);
  });
});

describe('early stopping', () => {
  it('ends a fold after as many epochs without a better one, and keeps the best', async () => {
    const training = { epochs: 6, learningRate: 0.1, bestBy: 'valLoss' } as const;
    const all = await train(training);
    const stopped = await train({ ...training, patience: 1 });
    const losses = all.epochs.map(({ valLoss }) => valLoss);
    const worse = losses.findIndex((loss, i) => i > 0 && loss >= Math.min(...losses.slice(0, i)));
    expect(worse, 'the loss rises at some epoch before the last').toBeGreaterThan(0);
    expect(worse).toBeLessThan(5);
    expect(stopped.epochs).toEqual(all.epochs.slice(0, worse + 1));
    expect(stopped.bestEpoch).toBe(worse);
  });

  it('changes nothing where each epoch is better than the one before', async () => {
    const training = { epochs: 3, learningRate: 2e-3, bestBy: 'valLoss' } as const;
    const all = await train(training);
    expect(all.bestEpoch).toBe(3);
    expect(bits(await train({ ...training, patience: 1 }))).toEqual(bits(all));
  });

  it('ends at the same epoch where the fold is stopped and resumed', async () => {
    const training = { epochs: 6, learningRate: 0.1, bestBy: 'valLoss', patience: 1 } as const;
    const whole = await train(training);
    const { outcome } = await interrupted((changes) => job('bert', changes, training), [5, 7]);
    expect(outcome.epochs).toEqual(whole.epochs);
    expect(bits(outcome)).toEqual(bits(whole));
  });
});
