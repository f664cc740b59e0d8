import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { calibrationError } from '../../metrics/calibration.js';
import { reliabilityBins, shareInterval } from '../../metrics/reliability.js';

interface Golden {
  readonly cases: readonly {
    readonly probabilities: readonly number[];
    readonly labels: readonly number[];
    readonly happened: readonly number[];
    readonly mean: readonly number[];
  }[];
  readonly shares: readonly { readonly rows: number; readonly hits: number; readonly interval: number[] }[];
}

const { cases, shares } = JSON.parse(
  readFileSync(join(import.meta.dirname, '../golden/metrics/reliability.json'), 'utf8'),
) as Golden;

describe('a reliability diagram', () => {
  it.each(cases.map((each, place) => [place, each] as const))(
    "is that of scikit-learn's calibration_curve, case %i",
    (_, { probabilities, labels, happened, mean }) => {
      const bins = reliabilityBins(probabilities, labels);
      expect(bins.map((bin) => bin.rows).reduce((a, b) => a + b)).toBe(labels.length);
      bins.forEach((bin, place) => {
        expect(bin.happened).toBeCloseTo(happened[place]!, 12);
        expect(bin.meanProbability).toBeCloseTo(mean[place]!, 12);
        expect(bin.meanProbability).toBeGreaterThanOrEqual(bin.from);
        expect(bin.meanProbability).toBeLessThanOrEqual(bin.to);
      });
      expect(bins).toHaveLength(happened.length);
      const error = bins.reduce(
        (sum, bin) => sum + bin.rows * Math.abs(bin.meanProbability - bin.happened),
        0,
      );
      expect(error / labels.length).toBeCloseTo(calibrationError(probabilities, labels), 12);
    },
  );

  it('has no bin without rows', () => {
    expect(reliabilityBins([], [])).toEqual([]);
  });

  it.each(shares)('gives $hits of $rows the interval of the score test', ({ rows, hits, interval }) => {
    const [low, high] = shareInterval(hits / rows, rows);
    expect(low).toBeCloseTo(interval[0]!, 10);
    expect(high).toBeCloseTo(interval[1]!, 10);
  });
});
