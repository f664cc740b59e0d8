import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { crossFit } from '../../metrics/cross-fitted.js';
import { tuneExactThresholds } from '../../metrics/exact-thresholds.js';
import { column } from '../../metrics/matrix.js';
import { unlearnt } from '../../metrics/nested.js';
import { goalOf } from '../../metrics/objectives.js';
import { scoreOutOfFold } from '../../metrics/out-of-fold.js';
import { tuneSmoothedThresholds } from '../../metrics/smoothed-thresholds.js';
import { soughtScores } from '../../metrics/sought.js';
import { decide, tuneThresholds } from '../../metrics/thresholds.js';
import { thresholdDecider, type Objective, type ThresholdMethod } from '../../tasks/thresholds.js';
import { generatedCase, seeded } from './cases.js';

interface Found {
  threshold: number;
  f1: number;
  precision: number | null;
  recall: number;
  score: number;
  held: boolean | null;
}
interface Expected {
  cases: {
    name: string;
    width: number;
    probabilities: number[];
    labels: number[];
    objectives: { objective: Objective; perLabel: { grid: Found | null; exact: Found | null }[] }[];
    smoothed: Record<string, (number | null)[]>;
  }[];
}
const path = join(import.meta.dirname, '../golden/metrics/decisions.json');
const { cases } = JSON.parse(readFileSync(path, 'utf8')) as Expected;

const tune = { grid: tuneThresholds, exact: tuneExactThresholds };

describe.each(cases)('thresholds are those that scikit-learn’s scores choose: $name', (expected) => {
  const { width } = expected;
  const probabilities = Float32Array.from(expected.probabilities);
  const labels = Uint8Array.from(expected.labels);

  for (const { objective, perLabel } of expected.objectives) {
    it.each(['grid', 'exact'] as const)(`by ${JSON.stringify(objective)}, %s`, (method) => {
      const objectives = new Array<Objective>(width).fill(objective);
      const tuned = tune[method](probabilities, labels, width, objectives);
      const decided = decide(
        probabilities,
        tuned.map(({ threshold }) => threshold),
      );
      const sought = soughtScores(objectives, labels, {
        atHalf: decided,
        tuned: decided,
        crossFitted: decided,
      });
      perLabel.forEach(({ [method]: found }, label) => {
        if (found === null) return expect(tuned[label]).toEqual({ threshold: 0.5, f1: 0, tuned: false });
        const { score, precision, recall, held } = sought.perLabel[label]!;
        expect(tuned[label]!.tuned).toBe(true);
        expect(tuned[label]!.threshold).toBeCloseTo(found.threshold, 9);
        expect(score.tuned).toBeCloseTo(found.score, 12);
        expect([precision.tuned, recall.tuned]).toEqual([found.precision ?? NaN, found.recall]);
        expect(held?.tuned ?? null).toBe(found.held);
        // A grid is tuned in float64 and decides in float32.
        if (method === 'exact') expect(tuned[label]!.f1).toBeCloseTo(found.f1, 12);
      });
    });
  }

  it.each(['1', '2'])('smoothed as published, β = %s', (beta) => {
    const tuned = tuneSmoothedThresholds(probabilities, labels, width, Number(beta));
    const thresholds = expected.smoothed[beta]!;
    expect(tuned.map(({ tuned: is }) => is)).toEqual(thresholds.map((threshold) => threshold !== null));
    expect(tuned.map(({ threshold }) => threshold)).toEqual(thresholds.map((threshold) => threshold ?? 0.5));
  });
});

const tables = Array.from({ length: 100 }, (_, seed) => generatedCase(seed));
const anyObjective: readonly Objective[] = [
  { fBeta: 1 },
  { fBeta: 3 },
  { precision: 0.7 },
  { recall: 0.7 },
  { cost: { falsePositive: 1, falseNegative: 3 } },
];

describe('over 100 generated tables', () => {
  it('an exact threshold is worth no less than that of the grid, by any objective', () => {
    for (const { probabilities, labels, width } of tables) {
      for (const objective of anyObjective) {
        const objectives = new Array<Objective>(width).fill(objective);
        const { worth } = goalOf(objective);
        const worths = (['grid', 'exact'] as const).map((method) =>
          tune[method](probabilities, labels, width, objectives).map(({ threshold }, label) => {
            const y = column(labels, width, label);
            // As it is tuned: in float64.
            const given = column(probabilities, width, label).map((p) => Number(p >= threshold));
            const hits = y.reduce((sum, each, row) => sum + each * given[row]!, 0);
            const sum = (values: Uint8Array | Float32Array): number => [...values].reduce((a, b) => a + b, 0);
            return worth(hits, sum(given), sum(y));
          }),
        );
        worths[1]!.forEach((exact, label) => {
          // A label that never occurs is tuned in neither way.
          if (column(labels, width, label).includes(1))
            expect(exact).toBeGreaterThanOrEqual(worths[0]![label]!);
        });
      }
    }
  });

  it('F-beta with β = 1 is F1, to the bit', () => {
    for (const { probabilities, labels, folds, width } of tables) {
      for (const method of ['grid', 'exact', 'smoothed'] as const) {
        const score = (objectives?: readonly Objective[]) =>
          scoreOutOfFold(
            unlearnt(probabilities),
            labels,
            folds,
            width,
            undefined,
            thresholdDecider({ method, ...(objectives === undefined ? {} : { objectives }) }),
          );
        const { objectives, ...same } = score(new Array<Objective>(width).fill({ fBeta: 1 }));
        expect(same).toEqual(score());
        expect(objectives!.macro!.crossFitted).toBeCloseTo(same.macroF1.crossFitted, 14);
      }
    }
  });

  it('the rows of a fold are decided by thresholds that the same objective finds on the others', () => {
    for (const { probabilities, labels, folds, width } of tables.slice(0, 30)) {
      for (const method of ['grid', 'exact'] as const) {
        const objectives = Array.from(
          { length: width },
          (_, label) => anyObjective[label % anyObjective.length]!,
        );
        const decider = thresholdDecider({ method, objectives });
        const { decided, tuned } = crossFit(unlearnt(probabilities), labels, folds, width, decider);
        const scored = scoreOutOfFold(unlearnt(probabilities), labels, folds, width, undefined, decider);
        for (const { fold, by } of tuned) {
          const outside = [...folds.keys()].filter((row) => folds[row] !== fold);
          const rows = <T extends Float32Array | Uint8Array>(matrix: T): number[] =>
            outside.flatMap((row) => [...matrix.subarray(row * width, (row + 1) * width)]);
          expect(by).toEqual(
            tune[method](
              Float32Array.from(rows(probabilities)),
              Uint8Array.from(rows(labels)),
              width,
              objectives,
            ),
          );
        }
        const sought = soughtScores(objectives, labels, {
          atHalf: decided,
          tuned: decided,
          crossFitted: decided,
        });
        scored.objectives!.perLabel.forEach(({ score }, label) =>
          expect(score.crossFitted).toEqual(sought.perLabel[label]!.score.crossFitted),
        );
        expect(scored.objectives!.macro === null).toBe(width > 1);
      }
    }
  });

  it('smoothing leaves the most frequent label its best F1, and no label more of it than exact thresholds', () => {
    for (const { probabilities, labels, width } of tables) {
      const exact = tuneExactThresholds(probabilities, labels, width);
      const smoothed = tuneSmoothedThresholds(probabilities, labels, width);
      const positives = Array.from({ length: width }, (_, label) =>
        column(labels, width, label).reduce((sum, each) => sum + each, 0),
      );
      const first = positives.indexOf(Math.max(...positives));
      expect(smoothed[first]!.f1).toBe(exact[first]!.f1);
      smoothed.forEach(({ f1 }, label) => expect(f1).toBeLessThanOrEqual(exact[label]!.f1));
    }
  });
});

describe('a rare label that is ranked no better than by chance', () => {
  it('is given to few rows by smoothed thresholds, and to many by those with the highest F1', () => {
    const given = (method: ThresholdMethod): number => {
      let rows = 0;
      for (let seed = 0; seed < 20; seed++) {
        const { probabilities, labels } = chance(seed);
        const { tune: find, decide: give } = thresholdDecider({ method });
        const decided = give(probabilities, 2, find(probabilities, labels, 2));
        rows += column(decided, 2, 1).reduce((sum, each) => sum + each, 0);
      }
      return rows / 20 / 400;
    };
    const [exact, smoothed] = [given('exact'), given('smoothed')];
    console.log(
      `given by exact thresholds ${exact.toFixed(3)} of the rows, by smoothed ones ${smoothed.toFixed(3)}`,
    );
    expect(smoothed).toBeLessThan(exact / 2);
  });
});

/** A frequent label that is known, and one of which two rows in a hundred are, with no skill. */
function chance(seed: number): { probabilities: Float32Array; labels: Uint8Array } {
  const next = seeded(seed);
  const isFrequent = (entry: number): boolean => entry % 2 === 0;
  const labels = Uint8Array.from({ length: 800 }, (_, entry) =>
    Number(next() < (isFrequent(entry) ? 0.5 : 0.02)),
  );
  const probabilities = Float32Array.from(labels, (label, entry) =>
    isFrequent(entry) ? 0.3 * next() + 0.6 * label : 0.1 * next(),
  );
  return { probabilities, labels };
}
