import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { accuracy, argMax, classesOf, confusionMatrix, f1PerClass, logLoss } from '../../metrics/classes.js';
import { mean } from '../../metrics/f1.js';
import { crossFit } from '../../metrics/cross-fitted.js';
import { unlearnt } from '../../metrics/nested.js';
import { byOffsets, logProbabilities, tuneOffsets } from '../../metrics/offsets.js';
import { seeded } from './cases.js';

interface Golden {
  name: string;
  width: number;
  truth: number[];
  probabilities: number[];
  predicted: number[];
  confusion: number[];
  accuracy: number;
  f1: number[];
  macroF1: number;
  logLoss: number;
}
const path = join(import.meta.dirname, '../golden/metrics/classes.json');
const { cases } = JSON.parse(readFileSync(path, 'utf8')) as { cases: Golden[] };

describe.each(cases)('scores of classes equal scikit-learn’s: $name', (golden) => {
  const { width } = golden;
  const truth = Int32Array.from(golden.truth);
  const probabilities = Float32Array.from(golden.probabilities);
  const predicted = argMax(probabilities, width);
  const confusion = confusionMatrix(truth, predicted, width);

  it('arg max, confusion matrix and accuracy, exactly', () => {
    expect([...predicted]).toEqual(golden.predicted);
    expect([...confusion]).toEqual(golden.confusion);
    expect(accuracy(truth, predicted)).toBe(golden.accuracy);
  });

  it('F1 of each class and their mean', () => {
    const scores = f1PerClass(confusion, width);
    golden.f1.forEach((score, index) => expect(scores[index]).toBeCloseTo(score, 14));
    expect(mean(scores)).toBeCloseTo(golden.macroF1, 14);
  });

  it('log loss, to the float32 that scikit-learn computes it in', () => {
    const loss = logLoss(truth, probabilities, width);
    expect(Math.abs(loss - golden.logLoss)).toBeLessThan(2e-6 * Math.max(1, golden.logLoss));
  });
});

/** Rows whose rare classes get too small probabilities, as a network trained on them gives. */
function skewed(seed: number): {
  probabilities: Float32Array;
  labels: Uint8Array;
  folds: Int32Array;
  width: number;
} {
  const draw = seeded(seed);
  const width = 2 + Math.floor(draw() * 4);
  const rows = 40 + Math.floor(draw() * 200);
  const labels = new Uint8Array(rows * width);
  const probabilities = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const truth = Math.floor(width * draw() ** 2);
    labels[row * width + truth] = 1;
    const scores = Array.from({ length: width }, (_, index) =>
      Math.exp(2 * draw() + Number(index === truth) - 0.7 * index),
    );
    const total = scores.reduce((sum, score) => sum + score, 0);
    scores.forEach((score, index) => (probabilities[row * width + index] = score / total));
  }
  return {
    probabilities,
    labels,
    folds: Int32Array.from({ length: rows }, (_, row) => 1 + (row % 4)),
    width,
  };
}

const decidedClasses = (p: Float32Array, labels: Uint8Array, folds: Int32Array, width: number): Int32Array =>
  classesOf(crossFit(unlearnt(p), labels, folds, width, byOffsets).decided, width);

describe('offsets of classes', () => {
  const generated = Array.from({ length: 25 }, (_, seed) => skewed(seed + 1));
  const macroF1 = (labels: Uint8Array, predicted: Int32Array, width: number): number =>
    mean(f1PerClass(confusionMatrix(classesOf(labels, width), predicted, width), width));

  it('reach what they say, and never less than the plain arg max, on the rows they are tuned on', () => {
    let gained = 0;
    for (const { probabilities, labels, width } of generated) {
      const tuned = tuneOffsets(probabilities, labels, width);
      const decided = argMax(logProbabilities(probabilities), width, tuned.offsets);
      expect(macroF1(labels, decided, width)).toBe(tuned.macroF1);
      const plain = macroF1(labels, argMax(probabilities, width), width);
      expect(tuned.macroF1).toBeGreaterThanOrEqual(plain);
      gained += Number(tuned.macroF1 > plain);
    }
    expect(gained).toBeGreaterThan(15);
  });

  it('are those of trying every offset of one class after the other', () => {
    const grid = Array.from({ length: 41 }, (_, index) => (index - 20) / 10).sort(
      (a, b) => Math.abs(a) - Math.abs(b) || a - b,
    );
    for (const { probabilities, labels, width } of generated) {
      // Coarse scores too, so that classes tie.
      for (const p of [probabilities, probabilities.map((value) => Math.round(value * 8) / 8)]) {
        const reach = (offsets: readonly number[]): number =>
          macroF1(labels, argMax(logProbabilities(p), width, offsets), width);
        let best: readonly number[] = new Array<number>(width).fill(0);
        for (let sweep = 0, before = ''; sweep < 10 && before !== best.join(); sweep++) {
          before = best.join();
          for (let index = 0; index < width; index++) {
            for (const offset of grid) {
              const candidate = best.with(index, offset);
              if (reach(candidate) > reach(best)) best = candidate;
            }
          }
        }
        expect(tuneOffsets(p, labels, width)).toEqual({ offsets: best, macroF1: reach(best) });
      }
    }
  });

  it('are 0 where the arg max is right everywhere', () => {
    const labels = Uint8Array.of(1, 0, 0, 1, 1, 0);
    const probabilities = Float32Array.of(0.9, 0.1, 0.2, 0.8, 0.6, 0.4);
    expect(tuneOffsets(probabilities, labels, 2)).toEqual({ offsets: [0, 0], macroF1: 1 });
  });

  it('of a fold do not depend on the truth of its own rows', () => {
    for (const { probabilities, labels, folds, width } of generated.slice(0, 8)) {
      const before = decidedClasses(probabilities, labels, folds, width);
      const turned = labels.slice();
      folds.forEach((fold, row) => {
        if (fold === 2) turned.subarray(row * width, (row + 1) * width).reverse();
      });
      const after = decidedClasses(probabilities, turned, folds, width);
      folds.forEach((fold, row) => {
        if (fold === 2) expect(after[row]).toBe(before[row]);
      });
    }
  });

  it('are the plain arg max where there is one fold', () => {
    const { probabilities, labels, width } = generated[0]!;
    const folds = new Int32Array(labels.length / width).fill(1);
    expect(decidedClasses(probabilities, labels, folds, width)).toEqual(argMax(probabilities, width));
  });
});
