import { describe, expect, it } from 'vitest';
import { integers } from '../../engine/kernels/philox.js';
import { bootstrapIntervals, countOutcomes, outcomesOf, type DrawRows } from '../../metrics/bootstrap.js';
import { f1, f1OfOutcomes } from '../../metrics/f1.js';
import { column } from '../../metrics/matrix.js';
import { generatedCase, seeded } from './cases.js';

const draw: DrawRows = (resample, rows) => integers(rows, rows, [3, 0], [resample, 0, 0]);

describe('counts of outcomes', () => {
  it('give the F1 of every decision, over 50 generated tables', () => {
    for (let seed = 0; seed < 50; seed++) {
      const { labels, probabilities, width } = generatedCase(seed);
      const decisions = [0.3, 0.5, 0.7].map((t) => Uint8Array.from(probabilities, (p) => Number(p >= t)));
      const outcomes = outcomesOf(labels, decisions, width, draw);
      const counts = countOutcomes(outcomes);
      expect(counts.at(-1)).toBe(labels.length / width);
      decisions.forEach((decided, decision) => {
        for (let label = 0; label < width; label++) {
          expect(f1OfOutcomes(counts, label * outcomes.kinds, outcomes.kinds, decision)).toBe(
            f1(column(labels, width, label), column(decided, width, label)),
          );
        }
      });
    }
  });
});

describe('of more rows than are resampled one by one', () => {
  const rows = 40_000;
  const next = seeded(11);
  const labels = Uint8Array.from({ length: rows }, () => Number(next() < 0.2)).sort();
  const decided = labels.map((label) => Number(next() < (label === 1 ? 0.7 : 0.1)));
  const outcomes = outcomesOf(labels, [decided], 1, draw);
  const score = (counts: Float64Array): number => f1OfOutcomes(counts, 0, outcomes.kinds, 0);

  it('no row is lost', () => {
    expect(countOutcomes(outcomes).at(-1)).toBe(rows);
    expect(score(countOutcomes(outcomes))).toBe(f1(labels, decided));
  });

  it('the interval is as wide as that of single rows, however the rows are sorted', () => {
    const [[from, to]] = bootstrapIntervals(outcomes, draw, (counts) => [score(counts)]) as [
      [number, number],
    ];
    // The share of hits among rows that are true or decided is binomial; F1 = 2 s / (1 + s) follows from it.
    const either = labels.filter((label, row) => label + decided[row]! > 0).length;
    const share = f1(labels, decided) / (2 - f1(labels, decided));
    const deviation = (2 / (1 + share) ** 2) * Math.sqrt((share * (1 - share)) / either);
    expect((to - from) / (2 * 1.96 * deviation)).toBeGreaterThan(0.9);
    expect((to - from) / (2 * 1.96 * deviation)).toBeLessThan(1.1);
  });
});
