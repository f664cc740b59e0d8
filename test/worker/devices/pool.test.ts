import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { DevicePool } from '../../../worker/devices/pool.js';

const { signal: never } = new AbortController();

describe('devices that are lent', () => {
  it('are each lent to one at a time, a device with two places twice', async () => {
    const pool = new DevicePool(['cpu', 'cpu', 'webgpu']);
    expect(pool.names).toEqual(['cpu', 'webgpu']);
    const loans = [await pool.borrow(never), await pool.borrow(never), await pool.borrow(never)];
    expect(loans.map(({ device }) => device)).toEqual(['cpu', 'cpu', 'webgpu']);
    let fourth: string | undefined;
    void pool.borrow(never).then(({ device }) => (fourth = device));
    await setImmediate();
    expect(fourth).toBeUndefined();
    loans[2]!.giveBack();
    await setImmediate();
    expect(fourth).toBe('webgpu');
  });

  it('are given to whoever came first', async () => {
    const pool = new DevicePool(['cuda:0']);
    const loan = await pool.borrow(never);
    const order: number[] = [];
    const later = [1, 2].map(async (number) => {
      const mine = await pool.borrow(never);
      order.push(number);
      mine.giveBack();
    });
    loan.giveBack();
    await Promise.all(later);
    expect(order).toEqual([1, 2]);
  });

  it('are not lent to who has given up waiting, and once only for each loan that comes back', async () => {
    const pool = new DevicePool(['cuda:0']);
    const loan = await pool.borrow(never);
    const stop = new AbortController();
    const given = pool.borrow(stop.signal);
    stop.abort(new Error('given up'));
    await expect(given).rejects.toThrow('given up');
    await expect(pool.borrow(stop.signal)).rejects.toThrow('given up');
    loan.giveBack();
    loan.giveBack();
    await pool.borrow(never);
    let second = false;
    void pool.borrow(never).then(() => (second = true));
    await setImmediate();
    expect(second).toBe(false);
  });
});
