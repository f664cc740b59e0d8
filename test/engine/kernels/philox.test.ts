import { describe, expect, it } from 'vitest';
import { integers, draws, normal, permutation, philox, uniform } from '../../../engine/kernels/philox.js';

const words = (text: string) => text.split(' ').map((word) => parseInt(word, 16));

describe('philox', () => {
  // kat_vectors of Random123, the lines "philox4x32 10".
  it.each([
    ['00000000 00000000 00000000 00000000', '00000000 00000000', '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
    ['ffffffff ffffffff ffffffff ffffffff', 'ffffffff ffffffff', '408f276d 41c83b0e a20bc7c6 6d5451fd'],
    ['243f6a88 85a308d3 13198a2e 03707344', 'a4093822 299f31d0', 'd16cfe09 94fdcceb 5001e420 24126ea1'],
  ])('gives the published answer for counter %s and key %s', (counter, key, answer) => {
    const [c0, c1, c2, c3] = words(counter);
    const [k0, k1] = words(key);
    expect([...philox(c0!, [k0!, k1!], [c1!, c2!, c3!])]).toEqual(words(answer));
  });
});

describe('draws', () => {
  it('are the lanes of consecutive blocks, whatever their number', () => {
    const expected = [0, 1, 2].flatMap((block) => [...philox(block, [1, 2], [7, 8, 9])]);
    for (const count of [0, 1, 4, 7, 12]) {
      expect([...draws(count, [1, 2], [7, 8, 9])]).toEqual(expected.slice(0, count));
    }
  });

  it('differ for another key and for another counter', () => {
    const base = draws(4, [1, 2], [3, 4, 5]);
    expect(draws(4, [1, 3], [3, 4, 5])).not.toEqual(base);
    expect(draws(4, [1, 2], [3, 4, 6])).not.toEqual(base);
  });
});

describe('uniform values', () => {
  it('lie in [0, 1) with mean 1/2 and variance 1/12, within five standard errors', () => {
    const values = uniform(100_000, [42, 0], [0, 0, 0]);
    const { mean, variance, least, most } = moments(values);
    expect(least).toBeGreaterThanOrEqual(0);
    expect(most).toBeLessThan(1);
    expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / 100_000));
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(5 * Math.sqrt(1 / 180 / 100_000));
  });
});

describe('normal values', () => {
  it('have mean 0, variance 1 and the tails of a normal distribution, within five standard errors', () => {
    const values = normal(100_001, [42, 0], [1, 0, 0]);
    const { mean, variance } = moments(values);
    expect(values).toHaveLength(100_001);
    expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(100_000));
    expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(2 / 100_000));
    const beyondTwo = values.filter((value) => Math.abs(value) > 2).length / values.length;
    expect(Math.abs(beyondTwo - 0.0455)).toBeLessThan(5 * Math.sqrt(0.0455 / 100_000));
  });

  it('come in the same order for a shorter request', () => {
    expect([...normal(7, [5, 6], [1, 2, 3])]).toEqual([...normal(20, [5, 6], [1, 2, 3])].slice(0, 7));
  });
});

describe('whole numbers', () => {
  it('are below their bound, each about equally often', () => {
    const counts = new Int32Array(7);
    for (const value of integers(70_000, 7, [2, 3], [4, 0, 0])) counts[value]! += 1;
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(70_000);
    // Chi-squared with 6 degrees of freedom stays below 27 in all but 1 of 7,000 samples.
    const chi = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    expect(chi).toBeLessThan(27);
  });

  it('are 0 below 1, and reach the last below a large bound', () => {
    expect([...integers(5, 1, [1, 1], [1, 1, 1])]).toEqual([0, 0, 0, 0, 0]);
    const [most = 0] = integers(10_000, 2 ** 31, [1, 1], [1, 1, 1])
      .sort()
      .reverse();
    expect(most).toBeGreaterThan(0.99 * 2 ** 31);
    expect(most).toBeLessThan(2 ** 31);
  });
});

describe('a permutation', () => {
  it.each([0, 1, 2, 5, 1000])('of %i holds each number once', (n) => {
    const sorted = [...permutation(n, [9, 9], [0, 0, 0])].sort((a, b) => a - b);
    expect(sorted).toEqual(Array.from({ length: n }, (_, i) => i));
  });

  it('takes each of the 24 orders of four about equally often', () => {
    const counts = new Map<string, number>();
    for (let trial = 0; trial < 24_000; trial++) {
      const order = permutation(4, [1, 1], [trial, 0, 0]).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    // Chi-squared with 23 degrees of freedom stays below 58 in all but 1 of 15,000 samples.
    const chi = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(chi).toBeLessThan(58);
  });

  it('depends on key and counter alone', () => {
    expect(permutation(50, [1, 2], [3, 4, 5])).toEqual(permutation(50, [1, 2], [3, 4, 5]));
    expect(permutation(50, [1, 2], [3, 4, 5])).not.toEqual(permutation(50, [1, 2], [3, 4, 6]));
  });
});

function moments(values: Float64Array) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const least = values.reduce((a, b) => Math.min(a, b));
  const most = values.reduce((a, b) => Math.max(a, b));
  return { mean, variance, least, most };
}
