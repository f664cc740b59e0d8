import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { calibrated, fitCalibrator, type Calibrator } from '../../metrics/calibrators.js';
import { argMax, logLoss, oneHot } from '../../metrics/classes.js';
import { classCalibration, labelCalibration } from '../../metrics/matrix-calibration.js';
import { column, selectRows } from '../../metrics/matrix.js';
import { calibrateNested, scoreLabelCalibration } from '../../metrics/nested-calibration.js';
import { judgedProbabilities, unlearnt } from '../../metrics/nested.js';
import { taskWith } from '../../tasks/index.js';
import { calibrationMethods } from '../../tasks/calibration.js';
import { drawnByRule, generatedCase, seeded } from './cases.js';

interface Expected {
  probes: number[];
  labels: {
    name: string;
    width: number;
    probabilities: number[];
    labels: number[];
    perLabel: {
      temperature: number;
      platt: { probes: number[]; theirs: number[] };
      isotonic: { knots: number[]; values: number[]; probes: number[] };
      scores: { brier: number; calibrationError: number; logLoss: number };
    }[];
  }[];
  classes: {
    name: string;
    width: number;
    probabilities: number[];
    truth: number[];
    temperature: number;
    scaled: number[];
    isotonic: number[];
    logLoss: number;
  }[];
}
const path = join(import.meta.dirname, '../golden/metrics/calibration.json');
const { probes, labels: labelCases, classes } = JSON.parse(readFileSync(path, 'utf8')) as Expected;

const near = (found: readonly number[], expected: readonly number[], tolerance: number): void => {
  const off = found.map((value, place) => Math.abs(value - expected[place]!));
  expect(found).toHaveLength(expected.length);
  expect(Math.max(...off)).toBeLessThan(tolerance);
};
const at = (calibrator: Calibrator): number[] => probes.map((p) => calibrated(calibrator, p));

describe.each(labelCases)('calibrators of labels are scikit-learn’s and SciPy’s: $name', (expected) => {
  const { width } = expected;
  const probabilities = Float32Array.from(expected.probabilities);
  const truth = Uint8Array.from(expected.labels);
  const columns = expected.perLabel.map((each, label) => ({
    ...each,
    p: column(probabilities, width, label),
    y: column(truth, width, label),
  }));

  it('temperature', () => {
    for (const { p, y, temperature } of columns) {
      const found = fitCalibrator('temperature', p, y);
      const made = (calibrator: Calibrator): number[] =>
        Array.from(p, (each) => calibrated(calibrator, each));
      // A search by the loss alone finds its place to the root of the precision.
      near(made(found), made({ temperature }), 1e-6);
    }
  });

  it('Platt’s sigmoid', () => {
    for (const { p, y, platt } of columns) {
      const found = fitCalibrator('platt', p, y);
      if (new Set(p).size > 1) {
        near(at(found), platt.probes, 1e-7);
        // It stops where its gradient is small.
        near(at(found), platt.theirs, 1e-3);
        continue;
      }
      // Of one probability only what becomes of that is settled: the mean of Platt's targets.
      const ones = y.reduce((sum, label) => sum + label, 0);
      const zeros = y.length - ones;
      const mean = ((ones * (ones + 1)) / (ones + 2) + zeros / (zeros + 2)) / y.length;
      expect(calibrated(found, p[0]!)).toBeCloseTo(mean, 8);
    }
  });

  it('isotonic regression', () => {
    for (const { p, y, isotonic } of columns) {
      const found = fitCalibrator('isotonic', p, y) as { knots: number[]; values: number[] };
      expect(found.knots).toEqual(isotonic.knots);
      near(found.values, isotonic.values, 1e-12);
      near(at(found), isotonic.probes, 1e-12);
    }
  });

  it('Brier score, calibration error and log loss', () => {
    const { perLabel } = scoreLabelCalibration(probabilities, truth, width);
    perLabel.forEach((scores, label) => {
      const { brier, calibrationError, logLoss: loss } = expected.perLabel[label]!.scores;
      expect(scores.brier).toBeCloseTo(brier, 12);
      expect(scores.calibrationError).toBeCloseTo(calibrationError, 12);
      expect(scores.logLoss).toBeCloseTo(loss, 6);
    });
  });
});

describe.each(classes)('calibrators of classes are scikit-learn’s: $name', (expected) => {
  const { width } = expected;
  const probabilities = Float32Array.from(expected.probabilities);
  const truth = Int32Array.from(expected.truth);
  const y = oneHot(truth, width);
  const by = (method: 'temperature' | 'isotonic') => {
    const calibrators = classCalibration.fit(method, probabilities, y, width);
    return { calibrators, made: classCalibration.apply(probabilities, width, calibrators) };
  };

  it('temperature', () => {
    const { calibrators, made } = by('temperature');
    const [first] = calibrators as { temperature: number }[];
    expect(Math.abs(Math.log(first!.temperature / expected.temperature))).toBeLessThan(1e-5);
    near([...made], expected.scaled, 1e-5);
    expect(logLoss(truth, probabilities, width)).toBeCloseTo(expected.logLoss, 6);
    // The likeliest class stays that.
    expect(argMax(made, width)).toEqual(argMax(probabilities, width));
  });

  it('one against the rest, the sum made 1', () => {
    near([...by('isotonic').made], expected.isotonic, 1e-6);
  });
});

const tables = Array.from({ length: 100 }, (_, seed) => generatedCase(seed));

describe('over 100 generated tables', () => {
  it.each(calibrationMethods)('%s gives probabilities, NaN of NaN, and changes no order', (method) => {
    for (const { probabilities, labels, width } of tables) {
      const calibrators = labelCalibration.fit(method, probabilities, labels, width);
      const rising = Float32Array.from({ length: 101 }, (_, place) => place / 100);
      for (const calibrator of calibrators) {
        const made = Array.from(rising, (p) => calibrated(calibrator, p));
        expect(made.every((p) => p >= 0 && p <= 1)).toBe(true);
        const steps = made.slice(1).map((p, place) => p - made[place]!);
        // Where a model is wrong more often than right, Platt's sigmoid may fall.
        const falls = 'slope' in calibrator && calibrator.slope < 0;
        expect(steps.every((step) => (falls ? step <= 1e-15 : step >= -1e-15))).toBe(true);
        expect(calibrated(calibrator, NaN)).toBeNaN();
      }
    }
  });

  it.each(calibrationMethods)(
    '%s of the rows of a fold is fitted on the others, and of new rows on all',
    (method) => {
      for (const { probabilities, labels, folds, width } of tables.slice(0, 20)) {
        const { nested, calibrators } = calibrateNested(
          labelCalibration,
          method,
          unlearnt(probabilities),
          labels,
          folds,
          width,
        );
        expect(calibrators).toEqual(labelCalibration.fit(method, probabilities, labels, width));
        expect(nested.final).toEqual(labelCalibration.apply(probabilities, width, calibrators));
        const judged = judgedProbabilities(nested, folds, width);
        for (const fold of new Set(folds)) {
          const [inside, outside] = [true, false].map((isInside) =>
            Int32Array.from([...folds.keys()].filter((row) => (folds[row] === fold) === isInside)),
          ) as [Int32Array, Int32Array];
          const fitted = labelCalibration.fit(
            method,
            selectRows(probabilities, width, outside),
            selectRows(labels, width, outside),
            width,
          );
          expect(selectRows(judged, width, inside)).toEqual(
            labelCalibration.apply(selectRows(probabilities, width, inside), width, fitted),
          );
        }
      }
    },
  );

  it('rows without a prediction change nothing, and stay without', () => {
    for (const { probabilities, labels, folds, width } of tables.slice(0, 20)) {
      const task = taskWith('multi-label', { calibration: 'platt' });
      const [some, all] = [0, 2].map((more) =>
        task.scoreOutOfFold(
          unlearnt(Float32Array.from([...probabilities, ...new Array<number>(more * width).fill(NaN)])),
          Uint8Array.from([...labels, ...new Array<number>(more * width).fill(1)]),
          Int32Array.from([...folds, ...[1, 2].slice(0, more)]),
          width,
          drawnByRule,
        ),
      );
      expect({ ...all, rowsWithoutOof: 0 }).toEqual(some);
    }
  }, 60_000);
});

describe('a model that is too sure', () => {
  it.each(['multi-label', 'single-label'] as const)(
    'is less so after calibration, cross-fitted (%s)',
    (name) => {
      const [rows, width, factor] = [1500, 3, 3];
      const next = seeded(5);
      const truth = new Uint8Array(rows * width);
      const logits = new Float32Array(rows * width);
      const task = taskWith(name);
      for (let row = 0; row < rows; row++) {
        const own = Float32Array.from({ length: width }, () => 4 * next() - 2);
        const chances = task.activate(own, width);
        let left = next();
        for (let label = 0; label < width; label++) {
          const entry = row * width + label;
          logits[entry] = factor * own[label]!;
          if (name === 'multi-label') truth[entry] = Number(next() < chances[label]!);
          else {
            truth[entry] = Number(left >= 0 && (left < chances[label]! || label === width - 1));
            left -= truth[entry] === 1 ? 2 : chances[label]!;
          }
        }
      }
      const folds = Int32Array.from({ length: rows }, (_, row) => 1 + (row % 5));
      const probabilities = unlearnt(task.activate(logits, width));
      for (const calibration of calibrationMethods) {
        const scores = taskWith(name, { calibration }).scoreOutOfFold(
          probabilities,
          truth,
          folds,
          width,
          drawnByRule,
        );
        const { before, after, calibrators } = scores.calibration!;
        expect(after.macro.logLoss).toBeLessThan(0.8 * before.macro.logLoss);
        expect(after.macro.brier).toBeLessThan(before.macro.brier);
        expect(after.macro.calibrationError).toBeLessThan(0.5 * before.macro.calibrationError);
        if (calibration === 'temperature')
          for (const calibrator of calibrators)
            expect((calibrator as { temperature: number }).temperature / factor).toBeCloseTo(1, 0);
        // What is assessed is what was calibrated.
        expect(scores.assessment!.perLabel[0]!.brier).toBeCloseTo(after.perLabel[0]!.brier, 12);
      }
    },
    60_000,
  );
});
