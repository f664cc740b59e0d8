import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { meanProbabilities } from '../../metrics/ensemble.js';
import { confusion, f1PerLabel, macroF1, support } from '../../metrics/f1.js';
import { column } from '../../metrics/matrix.js';
import { unlearnt } from '../../metrics/nested.js';
import { scoreOutOfFold } from '../../metrics/out-of-fold.js';
import { precisionRecallCurve } from '../../metrics/precision-recall.js';
import { decide, f1ByThreshold, thresholdGrid, tuneThresholds } from '../../metrics/thresholds.js';

interface Expected {
  grid: number[];
  cases: {
    name: string;
    width: number;
    probabilities: number[];
    labels: number[];
    folds: number[];
    confusion: number[][];
    f1AtHalf: number[];
    macroAtHalf: number;
    support: number[];
    referenceThresholds: number[];
    thresholds: number[];
    tuned: number[];
    byThreshold: number[][];
    crossFitted: number[];
    curves: { precision: number[]; recall: number[]; thresholds: number[] }[];
  }[];
  means: { models: number[][]; mean: number[] }[];
}
const path = join(import.meta.dirname, '../golden/metrics/expected.json');
const { grid, cases, means } = JSON.parse(readFileSync(path, 'utf8')) as Expected;

/** Thresholds of NumPy's grid as ours writes them. */
const asDecimals = (thresholds: readonly number[]): number[] =>
  thresholds.map((threshold) => {
    const index = grid.indexOf(threshold);
    return index < 0 ? threshold : thresholdGrid()[index]!;
  });

describe('the grid', () => {
  it('has the decimals 0.1, 0.15 … 0.9, as a person writes them', () => {
    const decimals = '0.1 0.15 0.2 0.25 0.3 0.35 0.4 0.45 0.5 0.55 0.6 0.65 0.7 0.75 0.8 0.85 0.9';
    expect([...thresholdGrid()].join(' ')).toBe(decimals);
  });

  it('decides every float32 as NumPy’s linspace(0.1, 0.9, 17) does', () => {
    // A float32 that decided otherwise would lie between the two: the nearest ones tell.
    const near = (t: number): number[] => {
      const bits = new Uint32Array(Float32Array.of(t).buffer)[0]!;
      return [...new Float32Array(Uint32Array.of(bits - 1, bits, bits + 1).buffer)];
    };
    thresholdGrid().forEach((ours, index) => {
      const theirs = grid[index]!;
      expect(Math.fround(ours)).toBe(Math.fround(theirs));
      for (const p of near(ours)) expect([p, p >= ours]).toEqual([p, p >= theirs]);
    });
  });
});

describe.each(cases)('scores equal scikit-learn’s: $name', (expected) => {
  const { width } = expected;
  const probabilities = Float32Array.from(expected.probabilities);
  const labels = Uint8Array.from(expected.labels);
  const half = decide(probabilities, new Array<number>(width).fill(0.5));
  const perLabel = <T>(of: (p: Float32Array, y: Uint8Array) => T): T[] =>
    Array.from({ length: width }, (_, i) => of(column(probabilities, width, i), column(labels, width, i)));

  it('the counts of each label at 0.5', () => {
    const counts = Array.from({ length: width }, (_, i) => {
      const c = confusion(column(labels, width, i), column(half, width, i));
      return [c.trueNegatives, c.falsePositives, c.falseNegatives, c.truePositives];
    });
    expect(counts).toEqual(expected.confusion);
    expect([...support(labels, width)]).toEqual(expected.support);
  });

  it('F1 of each label at 0.5', () => {
    expect([...f1PerLabel(labels, half, width)]).toEqual(expected.f1AtHalf);
  });

  it('macro F1 at 0.5', () => {
    // The order of the sum may differ in the last bit.
    expect(macroF1(labels, half, width)).toBeCloseTo(expected.macroAtHalf, 14);
  });

  it('F1 at every threshold', () => {
    expect(perLabel((p, y) => [...f1ByThreshold(p, y)])).toEqual(expected.byThreshold);
  });

  it('the tuned thresholds and their F1', () => {
    const tuned = tuneThresholds(probabilities, labels, width);
    expect(tuned.map(({ threshold }) => threshold)).toEqual(asDecimals(expected.thresholds));
    expect(tuned.map(({ f1 }) => f1)).toEqual(expected.tuned);
    const reference = asDecimals(expected.referenceThresholds);
    expect(tuned.map((each, label) => (each.tuned ? each.threshold : reference[label]))).toEqual(reference);
  });

  it('F1 with thresholds tuned on the other folds', () => {
    const folds = Int32Array.from(expected.folds);
    const { perLabel: scores } = scoreOutOfFold(unlearnt(probabilities), labels, folds, width);
    expect(scores.map(({ crossFitted }) => crossFitted)).toEqual(expected.crossFitted);
  });

  it('precision-recall curves', () => {
    const curves = perLabel((p, y) => precisionRecallCurve(p, y));
    expect(
      curves.map(({ precision, recall, thresholds }) => ({
        precision: [...precision],
        recall: [...recall],
        thresholds: [...thresholds],
      })),
    ).toEqual(expected.curves);
  });
});

it.each(means)('the mean of $models.length models equals NumPy’s bit for bit', ({ models, mean }) => {
  expect([...meanProbabilities(models.map((values) => Float32Array.from(values)))]).toEqual(mean);
});
