import { describe, expect, it } from 'vitest';
import type { DeviceName } from '../../engine/device/device.js';
import { InputFault } from '../../errors/fault.js';
import { sharesOf } from '../../worker/shares.js';

const GiB = 2 ** 30;

describe('a machine is divided among folds', () => {
  it.each([
    ['a laptop of two processors', {}, 2, 24, { slots: 2, threads: 1 }],
    ['little memory leaves one fold, on every processor', {}, 8, 8, { slots: 1, threads: 8 }],
    ['never more than five folds', {}, 32, 256, { slots: 5, threads: 6 }],
    ['slots chosen', { slots: 1 }, 8, 64, { slots: 1, threads: 8 }],
    ['threads chosen', { threads: 4 }, 8, 64, { slots: 2, threads: 4 }],
    ['both chosen', { slots: 3, threads: 2 }, 2, 4, { slots: 3, threads: 2 }],
    ['more threads than processors leave one fold', { threads: 16 }, 8, 64, { slots: 1, threads: 16 }],
  ])('%s', (_, chosen, processors, gibibytes, shares) => {
    expect(sharesOf(chosen, { processors, bytes: gibibytes * GiB })).toEqual({
      ...shares,
      places: Array<string>(shares.slots).fill('cpu'),
    });
  });
});

describe('a machine with cards is divided by them', () => {
  const machine = { processors: 8, bytes: 64 * GiB };

  it.each<[readonly DeviceName[], object, object]>([
    [['cuda:0'], {}, { slots: 1, threads: 8 }],
    [['cuda:0', 'cuda:1'], {}, { slots: 2, threads: 4 }],
    [['cuda:0', 'cuda:1'], { slots: 2, threads: 1 }, { slots: 2, threads: 1 }],
    [['cpu', 'webgpu'], {}, { slots: 2, threads: 4 }],
  ])('%j %j', (devices, chosen, shares) => {
    expect(sharesOf({ devices, ...chosen }, machine)).toEqual({ ...shares, places: devices });
  });

  it.each<[readonly DeviceName[], number]>([
    [['webgpu'], 2],
    [['cuda:0', 'cuda:1'], 1],
  ])('no other slots than these: %j', (devices, slots) => {
    const divide = (): unknown => sharesOf({ devices, slots }, machine);
    expect(divide).toThrow(InputFault);
    expect(divide).toThrow(
      `slots: a card trains one fold at a time, so there are as many slots as devices; found ${slots}; expected ${devices.length}, for ${devices.join(',')}.`,
    );
  });
});
