import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { crossFittedF1 } from '../../metrics/cross-fitted.js';
import { meanProbabilities } from '../../metrics/ensemble.js';
import { confusion, f1PerLabel, macroF1, support } from '../../metrics/f1.js';
import { column } from '../../metrics/matrix.js';
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

it('the grid equals NumPy’s linspace(0.1, 0.9, 17) bit for bit', () => {
  expect([...thresholdGrid()]).toEqual(grid);
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
    expect(tuned.map(({ threshold }) => threshold)).toEqual(expected.thresholds);
    expect(tuned.map(({ f1 }) => f1)).toEqual(expected.tuned);
  });

  it('F1 with thresholds tuned on the other folds', () => {
    const scores = crossFittedF1(probabilities, labels, Int32Array.from(expected.folds), width);
    expect([...scores.perLabel]).toEqual(expected.crossFitted);
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
