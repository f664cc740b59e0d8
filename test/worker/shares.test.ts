import { describe, expect, it } from 'vitest';
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
    expect(sharesOf(chosen, { processors, bytes: gibibytes * GiB })).toEqual(shares);
  });
});
