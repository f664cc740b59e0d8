import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assessClasses, assessLabels } from '../../metrics/assessment.js';
import type { Interval } from '../../metrics/bootstrap.js';
import { argMax, oneHot } from '../../metrics/classes.js';
import type { ProbabilityScores } from '../../metrics/probability-scores.js';
import { decide } from '../../metrics/thresholds.js';
import { drawnByRule } from './cases.js';

type Bounds = [number | null, number | null];
type Scores = Record<keyof ProbabilityScores, number | null>;
interface LabelsGolden {
  name: string;
  width: number;
  labels: number[];
  probabilities: number[];
  averages: Record<'atHalf' | 'crossFitted', Record<string, number>>;
  perLabel: (Scores & {
    noSkill: { always: number; guess: number; guessError: number };
    atHalf: Bounds;
    crossFitted: Bounds;
    overNoSkill: Bounds;
  })[];
  macro: Scores & { atHalf: Bounds; crossFitted: Bounds; overNoSkill: Bounds };
}
interface ClassesGolden {
  name: string;
  width: number;
  truth: number[];
  probabilities: number[];
  weightedF1: number;
  rocAuc: number | null;
  brier: number;
  calibrationError: number;
  noSkillMacro: { always: number; guess: number };
  noSkillAccuracy: { always: number; guess: number };
  accuracy: Bounds;
  accuracyOverNoSkill: Bounds;
  macro: Bounds;
}
const path = join(import.meta.dirname, '../golden/metrics/assessment.json');
const golden = JSON.parse(readFileSync(path, 'utf8')) as { labels: LabelsGolden[]; classes: ClassesGolden[] };

/** NaN where the golden has null: not defined. */
function expectClose(found: number | undefined, expected: number | null): void {
  if (expected === null) expect(found).toBeNaN();
  else expect(found).toBeCloseTo(expected, 12);
}
function expectInterval(found: Interval, expected: Bounds): void {
  expected.forEach((bound, place) => expectClose(found[place], bound));
}
const scoreNames = ['averagePrecision', 'rocAuc', 'brier', 'calibrationError'] as const;

describe.each(golden.labels)('what is known of labels equals scikit-learn’s: $name', (expected) => {
  const { width } = expected;
  const labels = Uint8Array.from(expected.labels);
  const probabilities = Float32Array.from(expected.probabilities);
  const at = (threshold: number): Uint8Array =>
    decide(probabilities, new Array<number>(width).fill(threshold));
  const judged = { labels, probabilities, atHalf: at(0.5), tuned: at(0.35), crossFitted: at(0.35) };
  const found = assessLabels(judged, width, drawnByRule)!;

  it('averages over labels and rows', () => {
    for (const way of ['atHalf', 'crossFitted'] as const) {
      const averages = Object.entries(found.averages).map(([name, scores]) => [name, scores[way]] as const);
      expect(averages.map(([name]) => name).sort()).toEqual(Object.keys(expected.averages[way]).sort());
      for (const [name, score] of averages) expectClose(score, expected.averages[way][name]!);
    }
  });

  it('ranking and calibration of every label, and their means where defined', () => {
    for (const name of scoreNames) {
      expected.perLabel.forEach((scores, label) => expectClose(found.perLabel[label]![name], scores[name]));
      expectClose(found.macro[name], expected.macro[name]);
    }
  });

  it('no skill', () => {
    expected.perLabel.forEach(({ noSkill }, label) => {
      const { always, guess } = found.perLabel[label]!.noSkill;
      expectClose(always, noSkill.always);
      // The mean of the F1 of guesses falls short of the F1 of their mean: by at most 1 / 4 of a positive row.
      const positives = labels.filter((truth, entry) => truth === 1 && entry % width === label).length;
      const short = positives === 0 ? 0 : guess / (4 * positives);
      expect(noSkill.guess).toBeLessThan(guess + 4 * noSkill.guessError + 1e-12);
      expect(noSkill.guess).toBeGreaterThan(guess - 1.5 * short - 4 * noSkill.guessError - 1e-12);
    });
  });

  it('intervals of the same resamples', () => {
    expected.perLabel.forEach((scores, label) => {
      const { intervals, overNoSkill } = found.perLabel[label]!;
      expectInterval(intervals.atHalf, scores.atHalf);
      expectInterval(intervals.crossFitted, scores.crossFitted);
      expectInterval(overNoSkill.interval, scores.overNoSkill);
    });
    expectInterval(found.macro.intervals.atHalf, expected.macro.atHalf);
    expectInterval(found.macro.intervals.crossFitted, expected.macro.crossFitted);
    expectInterval(found.macro.overNoSkill.interval, expected.macro.overNoSkill);
  });
});

describe.each(golden.classes)('what is known of classes equals scikit-learn’s: $name', (expected) => {
  const { width } = expected;
  const probabilities = Float32Array.from(expected.probabilities);
  const decided = oneHot(argMax(probabilities, width), width);
  const labels = oneHot(Int32Array.from(expected.truth), width);
  const judged = { labels, probabilities, atHalf: decided, tuned: decided, crossFitted: decided };
  const found = assessClasses(judged, width, drawnByRule)!;

  it('scores', () => {
    expectClose(found.averages.weightedF1?.crossFitted, expected.weightedF1);
    if (expected.rocAuc !== null) expectClose(found.macro.rocAuc, expected.rocAuc);
    expectClose(found.macro.brier, expected.brier);
    expectClose(found.macro.calibrationError, expected.calibrationError);
  });

  it('no skill, and intervals of accuracy and macro F1', () => {
    for (const kind of ['always', 'guess'] as const) {
      expectClose(found.macro.noSkill[kind], expected.noSkillMacro[kind]);
      expectClose(found.accuracy?.noSkill[kind], expected.noSkillAccuracy[kind]);
    }
    expectInterval(found.accuracy!.intervals.crossFitted, expected.accuracy);
    expectInterval(found.accuracy!.overNoSkill.interval, expected.accuracyOverNoSkill);
    expectInterval(found.macro.intervals.crossFitted, expected.macro);
  });
});

describe('at the edges', () => {
  const verdictOf = (truth: number[], decided: number[]) => {
    const [labels, decision] = [Uint8Array.from(truth), Uint8Array.from(decided)];
    const probabilities = Float32Array.from(decision);
    const judged = { labels, probabilities, atHalf: decision, tuned: decision, crossFitted: decision };
    return assessLabels(judged, 1, drawnByRule)!.perLabel[0]!.verdict;
  };
  const repeat = (value: number, times: number): number[] => new Array<number>(times).fill(value);

  it.each([
    ['untold', 'of a label that never occurs', repeat(0, 40), repeat(0, 40)],
    ['not-shown', 'of a label that is always true', repeat(1, 40), repeat(1, 40)],
    ['not-shown', 'of always saying yes', [...repeat(1, 20), ...repeat(0, 20)], repeat(1, 40)],
    ['not-shown', 'of one row that was found', [1, ...repeat(0, 39)], [1, ...repeat(0, 39)]],
    [
      'better',
      'of rows that were all found',
      [...repeat(1, 9), ...repeat(0, 31)],
      [...repeat(1, 9), ...repeat(0, 31)],
    ],
  ])('the verdict is %s %s', (verdict, _, truth, decided) => {
    expect(verdictOf(truth, decided)).toBe(verdict);
  });

  it('without rows there is none', () => {
    const none = { labels: new Uint8Array(0), probabilities: new Float32Array(0) };
    const judged = { ...none, atHalf: none.labels, tuned: none.labels, crossFitted: none.labels };
    expect(assessLabels(judged, 3, drawnByRule)).toBeNull();
    expect(assessClasses(judged, 3, drawnByRule)).toBeNull();
  });
});
