import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { foldActivities, Stopwatch } from '../../../engine/training/stopwatch.js';
import { trainFold } from '../../../engine/training/fold.js';
import { job, never, useSmallFolds } from './small-fold.js';

describe('a stopwatch', () => {
  it('counts the time of what is done within something else for this alone', async () => {
    const watch = new Stopwatch();
    await watch.time('train', async () => {
      for (let compiled = 0; compiled < 2; compiled++) await watch.time('compile', () => delay(60));
      await delay(20);
    });
    await watch.time('evaluate', () => delay(20));
    const { train, compile, evaluate, total } = watch.seconds();
    expect(compile).toBeGreaterThan(0.1);
    expect(train).toBeGreaterThan(0.015);
    expect(train + compile + evaluate).toBeLessThanOrEqual(total);
  });

  it('goes on after what has failed', async () => {
    const watch = new Stopwatch();
    const failing = watch.time('train', () => watch.time('compile', () => Promise.reject(new Error('no'))));
    await expect(failing).rejects.toThrow('no');
    await watch.time('train', () => delay(20));
    expect(watch.total('train')).toBeGreaterThan(0.015);
  });
});

describe('the seconds of a fold', () => {
  useSmallFolds();

  it('tell what nearly all of its time went into', async () => {
    const { seconds } = await trainFold(job('deberta-v2', {}, { epochs: 2 }), () => undefined, never);
    for (const activity of foldActivities) expect(seconds[activity], activity).toBeGreaterThan(0);
    const told = foldActivities.reduce((sum, activity) => sum + seconds[activity], 0);
    expect(told).toBeLessThanOrEqual(seconds.total);
    expect(told).toBeGreaterThan(0.7 * seconds.total);
  });
});
