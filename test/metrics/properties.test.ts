import { describe, expect, it } from 'vitest';
import { meanProbabilities } from '../../metrics/ensemble.js';
import { f1, f1PerLabel } from '../../metrics/f1.js';
import { column, predictedRows, selectRows } from '../../metrics/matrix.js';
import { unlearnt } from '../../metrics/nested.js';
import { scoreOutOfFold } from '../../metrics/out-of-fold.js';
import { precisionRecallCurve } from '../../metrics/precision-recall.js';
import { tuneExactThresholds } from '../../metrics/exact-thresholds.js';
import { decide, f1ByThreshold, thresholdGrid, tuneThresholds } from '../../metrics/thresholds.js';
import { generatedCase } from './cases.js';

const crossFittedF1 = (p: Float32Array, labels: Uint8Array, folds: Int32Array, width: number): Float64Array =>
  Float64Array.from(
    scoreOutOfFold(unlearnt(p), labels, folds, width).perLabel,
    ({ crossFitted }) => crossFitted,
  );

const cases = Array.from({ length: 200 }, (_, seed) => generatedCase(seed));

describe('over 200 generated tables', () => {
  it('F1 is the harmonic mean of precision and recall, 0 where one is not defined', () => {
    for (const { labels, probabilities } of cases) {
      const predicted = decide(probabilities, [0.5]);
      const hits = labels.filter((label, index) => label === 1 && predicted[index] === 1).length;
      const precision = hits / predicted.filter((p) => p === 1).length;
      const recall = hits / labels.filter((label) => label === 1).length;
      const expected = hits === 0 ? 0 : (2 * precision * recall) / (precision + recall);
      expect(f1(labels, predicted)).toBeCloseTo(expected, 12);
    }
  });

  it('a tuned threshold is the first of the grid that no other beats', () => {
    for (const { labels, probabilities, width } of cases) {
      tuneThresholds(probabilities, labels, width).forEach(({ threshold, f1: best, tuned }, label) => {
        const scores = f1ByThreshold(column(probabilities, width, label), column(labels, width, label));
        expect(best).toBe(Math.max(...scores));
        expect(tuned).toBe(best > 0);
        expect(threshold).toBe(tuned ? thresholdGrid()[scores.indexOf(best)] : 0.5);
      });
    }
  });

  it('an exact threshold reaches the highest F1 of all decisions by one threshold, and not less than the grid', () => {
    for (const { labels, probabilities, width } of cases) {
      const grid = tuneThresholds(probabilities, labels, width);
      const exact = tuneExactThresholds(probabilities, labels, width);
      exact.forEach(({ threshold, f1: best, tuned }, label) => {
        const [p, y] = [column(probabilities, width, label), column(labels, width, label)];
        const all = [...new Set(p)].map((cut) => f1(y, decide(p, [cut])));
        expect(best).toBe(Math.max(...all));
        expect(tuned).toBe(y.includes(1));
        expect(threshold).toBeGreaterThanOrEqual(0);
        if (tuned) expect(f1(y, decide(p, [threshold]))).toBe(best);
        // The grid's own decisions at 0 are none: it has no threshold below 0.1.
        expect(best).toBeGreaterThanOrEqual(grid[label]!.f1);
      });
    }
  });

  it('the order of the rows changes no threshold', () => {
    for (const { labels, probabilities, width, rows } of cases) {
      const reversed = Int32Array.from({ length: rows }, (_, row) => rows - 1 - row);
      expect(
        tuneThresholds(
          selectRows(probabilities, width, reversed),
          selectRows(labels, width, reversed),
          width,
        ),
      ).toEqual(tuneThresholds(probabilities, labels, width));
    }
  });

  it('cross-fitted F1 is that of each fold decided by thresholds of the others', () => {
    for (const { labels, probabilities, folds, rows, width } of cases) {
      const predictions = new Uint8Array(labels.length);
      for (let row = 0; row < rows; row++) {
        const others = Int32Array.from([...folds.keys()].filter((other) => folds[other] !== folds[row]));
        const tuned = tuneThresholds(
          selectRows(probabilities, width, others),
          selectRows(labels, width, others),
          width,
        );
        const decided = decide(
          probabilities.subarray(row * width, (row + 1) * width),
          tuned.map(({ threshold }) => threshold),
        );
        predictions.set(decided, row * width);
      }
      expect(crossFittedF1(probabilities, labels, folds, width)).toEqual(
        f1PerLabel(labels, predictions, width),
      );
    }
  });

  it('with one fold alone, cross-fitting judges at 0.5', () => {
    for (const { labels, probabilities, rows, width } of cases) {
      const perLabel = crossFittedF1(probabilities, labels, new Int32Array(rows).fill(3), width);
      const half = decide(probabilities, new Array<number>(width).fill(0.5));
      expect(perLabel).toEqual(f1PerLabel(labels, half, width));
    }
  });

  it('recall falls and thresholds rise along a precision-recall curve', () => {
    for (const { labels, probabilities } of cases) {
      const { precision, recall, thresholds } = precisionRecallCurve(probabilities, labels);
      expect(recall).toEqual(recall.toSorted().reverse());
      expect(thresholds).toEqual(Float32Array.from(new Set(probabilities)).sort());
      expect([precision.length, recall.length]).toEqual([thresholds.length + 1, thresholds.length + 1]);
    }
  });

  it('the mean of equal models is that model', () => {
    for (const { probabilities } of cases) {
      expect(meanProbabilities([probabilities, probabilities])).toEqual(probabilities);
    }
  });

  it('rows without a prediction change no score', () => {
    for (const { labels, probabilities, folds, rows, width } of cases) {
      const padded = Float32Array.from([...probabilities, ...new Array<number>(2 * width).fill(NaN)]);
      const scores = scoreOutOfFold(
        unlearnt(padded),
        Uint8Array.from([...labels, ...new Array<number>(2 * width).fill(1)]),
        Int32Array.from([...folds, 1, 2]),
        width,
      );
      const without = scoreOutOfFold(unlearnt(probabilities), labels, folds, width);
      expect(scores).toEqual({ ...without, rowsWithoutOof: 2 });
      expect([...predictedRows(padded, width)]).toEqual(Array.from({ length: rows }, (_, row) => row));
    }
  });
});

describe('at the edges', () => {
  it('an exact threshold decides between neighbouring float32, and lies halfway between others', () => {
    const least = Float32Array.of(0.3)[0]!;
    const next = new Float32Array(
      Uint32Array.of(new Uint32Array(Float32Array.of(0.3).buffer)[0]! - 1).buffer,
    )[0]!;
    const near = tuneExactThresholds(Float32Array.of(next, least), Uint8Array.of(0, 1), 1);
    expect(near).toEqual([{ threshold: least, f1: 1, tuned: true }]);
    const far = tuneExactThresholds(Float32Array.of(0.25, 0.75), Uint8Array.of(0, 1), 1);
    expect(far).toEqual([{ threshold: 0.5, f1: 1, tuned: true }]);
    const all = tuneExactThresholds(Float32Array.of(0.25, 0.75), Uint8Array.of(1, 1), 1);
    expect(all).toEqual([{ threshold: 0.125, f1: 1, tuned: true }]);
    const none = tuneExactThresholds(Float32Array.of(0.25, 0.75), Uint8Array.of(0, 0), 1);
    expect(none).toEqual([{ threshold: 0.5, f1: 0, tuned: false }]);
  });

  it.each([
    ['never occurs', [0.2, 0.9], [0, 0]],
    ['occurs where no threshold finds it', [0.01, 0.9], [1, 0]],
  ])('a label that %s is decided at 0.5, untuned', (_, probabilities, labels) => {
    const tuned = tuneThresholds(Float32Array.from(probabilities), Uint8Array.from(labels), 1);
    expect(tuned).toEqual([{ threshold: 0.5, f1: 0, tuned: false }]);
  });

  it('a fold that holds all positives is judged at 0.5, and named', () => {
    const p = Float32Array.of(0.3, 0.6, 0.3, 0.2);
    const labels = Uint8Array.of(1, 1, 0, 0);
    const { perLabel } = scoreOutOfFold(unlearnt(p), labels, Int32Array.of(2, 2, 1, 1), 1);
    expect(perLabel.map(({ untunedFolds }) => untunedFolds)).toEqual([[2]]);
    // At 0.5 one of its two positives is found, where at 0.1 both would be; the other fold's rows, judged
    // by 0.1, are two false ones.
    expect(perLabel.map(({ crossFitted }) => crossFitted)).toEqual([2 / 5]);
  });

  it('without any row the threshold is 0.5', () => {
    const nothing = unlearnt(Float32Array.of(NaN, NaN));
    const scores = scoreOutOfFold(nothing, Uint8Array.of(0, 1), Int32Array.of(1), 2);
    expect(scores.thresholds).toEqual([0.5, 0.5]);
    expect(scores.macroF1).toEqual({ atHalf: 0, tuned: 0, crossFitted: 0 });
    expect(scores.rowsWithoutOof).toBe(1);
  });

  it.each([0.3, 0.35, 0.6, 0.7])(
    'a probability of float32(%s) reaches the applied threshold of that value',
    (t) => {
      expect([...decide(Float32Array.of(t), [t])]).toEqual([1]);
    },
  );

  it('a threshold is tuned in float64, where float32(0.35) is below 0.35', () => {
    const [, , , , , at035] = f1ByThreshold(Float32Array.of(0.35), Uint8Array.of(1));
    expect(at035).toBe(0);
  });

  it('NaN is never a prediction', () => {
    expect([...decide(Float32Array.of(NaN), [0.1])]).toEqual([0]);
  });

  it('rows and columns of the bytes of a file are plain arrays', () => {
    const bytes: Uint8Array = Buffer.from([1, 2, 3, 4]);
    expect(selectRows(bytes, 2, Int32Array.of(1))).toStrictEqual(Uint8Array.of(3, 4));
    expect(column(bytes, 2, 0)).toStrictEqual(Uint8Array.of(1, 3));
  });

  it('arrays of different lengths are refused', () => {
    expect(() => f1(Uint8Array.of(1), Uint8Array.of(1, 0))).toThrow(/1 labels, but 2 predictions/);
    expect(() => meanProbabilities([new Float32Array(2), new Float32Array(3)])).toThrow(/3 probabilities/);
    expect(() => meanProbabilities([])).toThrow(/no models/);
  });
});
