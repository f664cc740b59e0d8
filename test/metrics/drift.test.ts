import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  binOf,
  bins,
  driftBetween,
  kolmogorovSmirnov,
  levelOf,
  stabilityIndex,
} from '../../metrics/drift.js';

interface Golden {
  readonly cases: readonly {
    readonly name: string;
    readonly reference: readonly number[];
    readonly found: readonly number[];
    readonly ks: number;
    readonly psi: number;
  }[];
  readonly limits: readonly { readonly chance: number; readonly limit: number }[];
}

const golden = JSON.parse(
  readFileSync(new URL('../golden/metrics/drift.json', import.meta.url), 'utf8'),
) as Golden;

/** Numbers from 0 to 1, the same in every run. */
function draws(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return ((state ^ (state >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** Counts of rows whose class is that of the mean of three draws, shifted. */
function counts(rows: number, classes: number, draw: () => number, shift = 0): number[] {
  const found = new Array<number>(classes).fill(0);
  for (let row = 0; row < rows; row++) {
    const value = (draw() + draw() + draw()) / 3 + shift;
    found[Math.min(classes - 1, Math.floor(value * classes))]! += 1;
  }
  return found;
}

describe('how far distributions are apart', () => {
  it.each(golden.cases)(
    "is SciPy's statistic and NumPy's index for $name",
    ({ reference, found, ks, psi }) => {
      // Sums of shares in another order.
      expect(kolmogorovSmirnov(reference, found)).toBeCloseTo(ks, 12);
      expect(stabilityIndex(reference, found)).toBeCloseTo(psi, 10);
    },
  );

  it.each(golden.limits)(
    "is beyond chance from SciPy's limit on, at a chance of $chance",
    ({ chance, limit }) => {
      const { ksByChance } = driftBetween([700, 300], [100, 900], chance);
      // The limit distribution's first term alone.
      expect(Math.abs(ksByChance * Math.sqrt(500) - limit)).toBeLessThan(1e-3);
    },
  );

  it('is rarely told of a half of the same rows, however many there are', () => {
    for (const rows of [20, 100, 1000, 10_000]) {
      let told = 0;
      const trials = 400;
      for (let trial = 0; trial < trials; trial++) {
        const draw = draws(1 + trial * 7919);
        const [one, other] = [counts(rows, 60, draw), counts(rows, 60, draw)];
        // As a scoring of five labels compares.
        if (levelOf(driftBetween(one, other, 0.01)) !== 'none') told++;
      }
      expect(told / trials).toBeLessThan(0.05);
    }
  });

  it('is told where rows are shifted, and told large where they are far', () => {
    const draw = draws(5);
    const reference = counts(2000, 60, draw);
    expect(levelOf(driftBetween(reference, counts(500, 60, draw, 0.06), 0.001))).toBe('moderate');
    expect(levelOf(driftBetween(reference, counts(500, 60, draw, 0.3), 0.001))).toBe('large');
    expect(levelOf(driftBetween([1000, 0], [500, 500], 0.001))).toBe('large');
  });

  it('is none where there is nothing to compare', () => {
    const drift = driftBetween([0, 0], [5, 5], 0.01);
    expect(drift).toEqual({ reference: 0, rows: 10, psi: 0, ks: 0, ksByChance: 1 });
    expect(levelOf(drift)).toBe('none');
  });

  it('sorts every probability into a bin, in their order', () => {
    const sorted = [0, 1e-30, 1e-5, 0.001, 0.3, 0.5, 0.7, 0.999, 1 - 1e-7, 1].map(binOf);
    expect(sorted).toEqual(sorted.toSorted((a, b) => a - b));
    expect([binOf(0), binOf(1), binOf(Number.NaN)]).toEqual([0, bins - 1, 0]);
    expect(binOf(0.5)).toBe(bins / 2);
  });
});
