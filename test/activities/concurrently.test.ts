import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { concurrently } from '../../activities/concurrently.js';

describe('concurrently', () => {
  it('keeps the order and never exceeds its limit', async () => {
    let running = 0;
    let most = 0;
    const results = await concurrently([5, 1, 4, 2, 3], 2, async (item) => {
      most = Math.max(most, ++running);
      await pause(item);
      running--;
      return item * 10;
    });
    expect(results).toEqual([50, 10, 40, 20, 30]);
    expect(most).toBe(2);
  });

  it('starts nothing more after a failure, and fails with it once all have ended', async () => {
    const started: number[] = [];
    const work = async (item: number): Promise<void> => {
      started.push(item);
      await pause(item);
      if (item === 1) throw new Error('one');
    };
    await expect(concurrently([1, 20, 3, 4], 2, work)).rejects.toThrow('one');
    expect(started).toEqual([1, 20]);
  });
});
