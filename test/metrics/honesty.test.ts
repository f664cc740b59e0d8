import { describe, expect, it } from 'vitest';
import { integers } from '../../engine/kernels/philox.js';
import { confidence, type DrawRows } from '../../metrics/bootstrap.js';
import { unlearnt } from '../../metrics/nested.js';
import { scoreOutOfFold, type OutOfFoldScores } from '../../metrics/out-of-fold.js';
import { seeded } from './cases.js';

interface Setting {
  readonly rows: number;
  /** Share of the rows of which the label is true. */
  readonly rate: number;
  /** How far the logits of true rows lie above those of others; at 0 nothing is known of the label. */
  readonly skill: number;
}

const noise = 0.8;

/** Rows of one label, with probabilities as of a model that knows the rate. */
function sample({ rows, rate, skill }: Setting, draw: () => number): { p: Float32Array; y: Uint8Array } {
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
  const y = Uint8Array.from({ length: rows }, () => Number(draw() < rate));
  const prior = Math.log(rate / (1 - rate));
  const p = Float32Array.from(
    y,
    (truth) => 1 / (1 + Math.exp(-prior - noise * normal() - skill * (truth - rate))),
  );
  return { p, y };
}

/** The same resamples for every table of so many rows: they do not depend on it. */
function resamples(): DrawRows {
  const drawn = new Map<string, Uint32Array>();
  return (resample, rows) => {
    const name = `${resample} ${rows}`;
    const found = drawn.get(name) ?? integers(rows, rows, [7, 0], [resample, 0, 0]);
    drawn.set(name, found);
    return found;
  };
}

const tables = 100;
const folds = 5;

interface Outcome {
  readonly scores: OutOfFoldScores;
  /** F1 that the tuned threshold reaches over as many fresh rows as one likes. */
  readonly fresh: number;
}

function simulate(setting: Setting, draw: DrawRows): Outcome[] {
  const next = seeded(setting.rows + 1000 * setting.rate + setting.skill);
  const foldOf = Int32Array.from({ length: setting.rows }, (_, row) => 1 + (row % folds));
  return Array.from({ length: tables }, () => {
    const { p, y } = sample(setting, next);
    const scores = scoreOutOfFold(unlearnt(p), y, foldOf, 1, draw);
    return { scores, fresh: expectedF1(setting, scores.thresholds[0]!) };
  });
}

/** F1 of `p >= threshold` by the distribution that rows are drawn from. */
function expectedF1({ rate, skill }: Setting, threshold: number): number {
  const bound = Math.log(threshold / (1 - threshold)) - Math.log(rate / (1 - rate));
  const above = (truth: number): number => 1 - normalBelow((bound - skill * (truth - rate)) / noise);
  const hits = rate * above(1);
  return (2 * hits) / (rate + hits + (1 - rate) * above(0));
}

/** To within 1e-7 (Abramowitz and Stegun, 7.1.26). */
function normalBelow(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const series = [0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429];
  const tail = series.reduceRight((sum, term) => (sum + term) * t, 0) * Math.exp(-x * x);
  return z > 0 ? 1 - tail / 2 : tail / 2;
}

const meanOf = (outcomes: readonly Outcome[], of: (outcome: Outcome) => number): number =>
  outcomes.reduce((sum, outcome) => sum + of(outcome), 0) / outcomes.length;
/** Three standard deviations of a share over so many tables. */
const slack = (share: number, count: number): number => 3 * Math.sqrt((share * (1 - share)) / count);

const label = ({ scores }: Outcome) => scores.assessment!.perLabel[0]!;
const isHeld = (outcome: Outcome): number => {
  const [from, to] = label(outcome).intervals.crossFitted;
  return Number(from <= outcome.fresh && outcome.fresh <= to);
};
const isBetter = (outcome: Outcome): number => Number(label(outcome).verdict === 'better');

describe(`over ${tables} simulated tables of each kind`, () => {
  const draw = resamples();
  const settings: readonly Setting[] = [0, 1.5].flatMap((skill) =>
    [200, 800].flatMap((rows) => [0.05, 0.13, 0.4].map((rate) => ({ rows, rate, skill }))),
  );
  const simulated = settings.map((setting) => ({ ...setting, outcomes: simulate(setting, draw) }));
  const withoutSkill = simulated.filter(({ skill }) => skill === 0);

  it('a score that was tuned on its own rows is flattered, and the cross-fitted one is not', () => {
    for (const { rows, rate, outcomes } of withoutSkill) {
      const tuned = meanOf(outcomes, ({ scores }) => scores.macroF1.tuned);
      const crossFitted = meanOf(outcomes, ({ scores }) => scores.macroF1.crossFitted);
      const fresh = meanOf(outcomes, (outcome) => outcome.fresh);
      console.log(
        `no skill, ${rows} rows, ${100 * rate} %: tuned ${tuned.toFixed(3)}, cross-fitted ${crossFitted.toFixed(3)}, fresh ${fresh.toFixed(3)}`,
      );
      expect(tuned).toBeGreaterThan(crossFitted);
      const spread = Math.sqrt(
        meanOf(outcomes, ({ scores, fresh: known }) => (scores.macroF1.crossFitted - known) ** 2),
      );
      expect(Math.abs(crossFitted - fresh)).toBeLessThan((3 * spread) / Math.sqrt(tables));
      expect(tuned - fresh).toBeGreaterThan(crossFitted - fresh);
    }
  });

  it('a label of which nothing is known is hardly ever called better than no skill', () => {
    const outcomes = withoutSkill.flatMap((each) => each.outcomes);
    const share = meanOf(outcomes, isBetter);
    console.log(
      `no skill: better by the interval in ${(100 * share).toFixed(1)} % of ${outcomes.length} tables`,
    );
    expect(share).toBeLessThan(0.025 + slack(0.025, outcomes.length));
  });

  it('a label that is known is found to be better, but for one with ten positive rows', () => {
    for (const { rows, rate, skill, outcomes } of simulated) {
      if (skill > 0) expect(meanOf(outcomes, isBetter)).toBeGreaterThan(rows * rate > 10 ? 0.9 : 0.5);
    }
  });

  it('the interval of the cross-fitted score holds the fresh one in 95 of 100 tables', () => {
    for (const { rows, rate, skill, outcomes } of simulated) {
      const held = meanOf(outcomes, isHeld);
      console.log(
        `${skill === 0 ? 'no skill' : 'skill'}, ${rows} rows, ${100 * rate} %: held ${(100 * held).toFixed(0)} %`,
      );
      expect(held).toBeGreaterThan(confidence - slack(confidence, tables));
    }
    const all = simulated.flatMap(({ outcomes }) => outcomes);
    const held = meanOf(all, isHeld);
    console.log(`of all: held ${(100 * held).toFixed(1)} % of ${all.length}`);
    expect(Math.abs(held - confidence)).toBeLessThan(slack(confidence, all.length));
  });
});
