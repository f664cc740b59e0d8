import { describe, expect, it } from 'vitest';
import { CheckpointInterval } from '../../../engine/training/checkpoint-interval.js';

/** @param bytes of a checkpoint @returns with it, a clock that is moved by seconds */
function started(bytes: number, every: number | null = null) {
  let now = 0;
  const pass = (seconds: number): void => void (now += seconds * 1000);
  const lasting = (seconds: number) => (): Promise<void> => Promise.resolve(pass(seconds));
  return { interval: new CheckpointInterval(every, bytes, () => now), pass, lasting };
}

describe('checkpoints of a fold', () => {
  it('are written at the ends of epochs, and each minute, where they cost little', () => {
    const { interval, pass } = started(5e6);
    pass(0.3);
    expect(interval.dueAfterEpoch()).toBe(false);
    pass(0.2);
    expect([interval.dueAfterEpoch(), interval.due()]).toEqual([true, false]);
    pass(60);
    expect(interval.due()).toBe(true);
  });

  it('take 2.5 % of the time at most, the first one as well', async () => {
    const { interval, pass, lasting } = started(1.5e9);
    pass(110);
    expect([interval.dueAfterEpoch(), interval.due()]).toEqual([false, false]);
    pass(11);
    expect([interval.dueAfterEpoch(), interval.due()]).toEqual([true, true]);
    // It took less than was expected, with the epoch that was kept for it.
    await interval.keeping(lasting(0.5));
    await interval.writing(lasting(1.5));
    pass(79);
    expect([interval.dueAfterEpoch(), interval.due()]).toEqual([false, false]);
    pass(2);
    expect([interval.dueAfterEpoch(), interval.due()]).toEqual([true, true]);
  });

  it('are as far apart as is asked for, and at the end of each epoch', async () => {
    const { interval, pass, lasting } = started(1.5e9, 5);
    pass(4);
    expect([interval.dueAfterEpoch(), interval.due()]).toEqual([true, false]);
    pass(1);
    expect(interval.due()).toBe(true);
    await interval.writing(lasting(100));
    expect(interval.due()).toBe(false);
  });
});
