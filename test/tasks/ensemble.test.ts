import { describe, expect, it } from 'vitest';
import { integers } from '../../engine/kernels/philox.js';
import { mean } from '../../metrics/f1.js';
import type { Gain } from '../../metrics/gain.js';
import {
  judgedProbabilities,
  nestedMixture,
  unlearnt,
  type NestedProbabilities,
} from '../../metrics/nested.js';
import { ensembleMethods } from '../../metrics/weights.js';
import {
  ensembleGains,
  ensembleMethodNames,
  learnWeights,
  type MemberPredictions,
} from '../../tasks/ensemble.js';
import { taskNames, tasks } from '../../tasks/index.js';
import type { Task } from '../../tasks/task.js';
import { seeded } from '../metrics/cases.js';

interface Setting {
  readonly members: number;
  readonly rows: number;
  /** How much of the truth each member knows. */
  readonly skills?: readonly number[];
}

const width = 3;
const rate = 0.3;
const foldCount = 5;

/** Members that share a part of what they say and have one of their own, over rows of either task. */
function simulated(task: Task, seed: number, { members, rows, skills }: Setting): MemberPredictions {
  const draw = seeded(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
  const truth = new Uint8Array(rows * width);
  for (let row = 0; row < rows; row++) {
    if (task.name === 'single-label') truth[row * width + Math.floor(draw() * width)] = 1;
    else for (let label = 0; label < width; label++) truth[row * width + label] = Number(draw() < rate);
  }
  const prior = task.name === 'single-label' ? 0 : Math.log(rate / (1 - rate));
  const shared = Float64Array.from(truth, () => prior + 0.4 * normal());
  const logitsOf = (skill: number): Float32Array =>
    Float32Array.from(shared, (z, entry) => z + normal() + skill * truth[entry]!);
  return {
    members: Array.from({ length: members }, (_, member) =>
      task.activate(logitsOf(skills?.[member] ?? 0), width),
    ),
    truth,
    folds: Int32Array.from({ length: rows }, (_, row) => 1 + (row % foldCount)),
    width,
  };
}

const drawing =
  (seed: number) =>
  (resample: number, rows: number): Uint32Array =>
    integers(rows, rows, [seed, 0], [resample, 0, 0]);

const equal = (count: number): number[] => new Array<number>(count).fill(1 / count);

describe.each(taskNames)('an ensemble of the task %s', (name) => {
  const task = tasks[name];

  it.each(ensembleMethodNames)('of one member is that member: %s', (method) => {
    const predictions = simulated(task, 1, { members: 1, rows: 90, skills: [2] });
    const [member] = predictions.members as [Float32Array];
    member.fill(NaN, 0, width);
    const { truth, folds } = predictions;
    const weights = learnWeights(task, predictions, method);
    const mixed = nestedMixture(predictions.members, weights, width);
    expect(mixed.final).toEqual(member);
    expect(judgedProbabilities(mixed, folds, width)).toEqual(member);
    expect(task.scoreOutOfFold(mixed, truth, folds, width)).toEqual(
      task.scoreOutOfFold(unlearnt(member), truth, folds, width),
    );
    expect(ensembleGains(task, predictions, method, weights, drawing(1))).toEqual({
      overMean: null,
      overBest: null,
    });
  });

  it.each(ensembleMethodNames)('judges no fold by its own truth: %s', (method) => {
    const predictions = simulated(task, 2, { members: 4, rows: 100, skills: [2, 1, 0.5, 0] });
    const { members, truth, folds } = predictions;
    const turned = truth.slice();
    folds.forEach((fold, row) => {
      if (fold === 2) turned.subarray(row * width, (row + 1) * width).reverse();
    });
    expect(turned).not.toEqual(truth);
    const judging = (labels: Uint8Array): { weights: readonly number[]; decided: Uint8Array } => {
      const weights = learnWeights(task, { ...predictions, truth: labels }, method);
      const mixed = nestedMixture(members, weights, width);
      const decided = task.decideOutOfFold(mixed, labels, folds, width);
      return {
        weights: weights.without.find(({ fold }) => fold === 2)?.weights ?? weights.final,
        decided: decided.filter((_, entry) => folds[Math.floor(entry / width)] === 2),
      };
    };
    expect(judging(turned)).toEqual(judging(truth));
  });

  it.each(ensembleMethodNames)(
    'scores its rows by the weights and tuning of the other folds: %s',
    (method) => {
      const predictions = simulated(task, 3, { members: 3, rows: 60, skills: [2, 1, 0] });
      const { members, truth, folds } = predictions;
      const mixed = nestedMixture(members, learnWeights(task, predictions, method), width);
      const rowsOf = (matrix: Float32Array, keep: (fold: number) => boolean): Float32Array =>
        matrix.filter((_, entry) => keep(folds[Math.floor(entry / width)]!));
      for (let fold = 1; fold <= foldCount; fold++) {
        const others = (other: number): boolean => other !== fold;
        const seen = members.map((member) => rowsOf(member, others));
        const labels = Uint8Array.from(rowsOf(Float32Array.from(truth), others));
        const weights = ensembleMethods[method](seen.map((each) => task.likelihoods(each, labels, width)));
        const held = members.map((member) => rowsOf(member, (other) => other === fold));
        const expected = held[0]!.map((_, entry) =>
          held.reduce((sum, each, member) => sum + weights[member]! * each[entry]!, 0),
        );
        const judged = rowsOf(judgedProbabilities(mixed, folds, width), (other) => other === fold);
        judged.forEach((p, entry) => expect(p).toBeCloseTo(expected[entry]!, 6));
      }
      const { macroF1, thresholds } = task.scoreOutOfFold(mixed, truth, folds, width);
      const plain = task.scoreOutOfFold(unlearnt(mixed.final), truth, folds, width);
      expect(thresholds).toEqual(plain.thresholds);
      expect(macroF1.tuned).toBe(plain.macroF1.tuned);
      const honest = unlearnt(judgedProbabilities(mixed, folds, width));
      expect(macroF1.atHalf).toBe(task.scoreOutOfFold(honest, truth, folds, width).macroF1.atHalf);
    },
  );

  it('learns from the rows that all members predicted, and weighs them equally where there is none', () => {
    const predictions = simulated(task, 4, { members: 2, rows: 100, skills: [0, 3] });
    const { members, folds, truth } = predictions;
    const rowsWhere = (keep: (fold: number) => boolean): MemberPredictions => ({
      ...predictions,
      members: [
        members[0]!.map((p, entry) => (keep(folds[Math.floor(entry / width)]!) ? p : NaN)),
        members[1]!,
      ],
    });
    // The first member lacks fold 1: all rows are predicted, those of fold 1 by the second alone.
    const partly = rowsWhere((fold) => fold !== 1);
    const weights = learnWeights(task, partly, 'simplex');
    expect(weights.without.map(({ fold }) => fold)).toEqual([2, 3, 4, 5]);
    expect(weights.final[1]).toBeGreaterThan(0.8);
    const mixed = nestedMixture(partly.members, weights, width);
    expect(task.scoreOutOfFold(mixed, truth, folds, width).rowsWithoutOof).toBe(0);
    const own = (matrix: Float32Array): Float32Array =>
      matrix.filter((_, entry) => folds[Math.floor(entry / width)] === 1);
    expect(own(mixed.final)).toEqual(own(members[1]!));
    expect(own(mixed.without(1))).toEqual(own(members[1]!));
    // It has fold 1 alone: what is judged there may learn from no row.
    const once = learnWeights(
      task,
      rowsWhere((fold) => fold === 1),
      'simplex',
    );
    expect(once.without).toEqual([{ fold: 1, weights: equal(2) }]);
    expect(
      learnWeights(
        task,
        rowsWhere(() => false),
        'greedy',
      ),
    ).toEqual({ final: equal(2), without: [] });
  });

  it('gains over the mean where one member alone knows anything, and the mean loses to that one', () => {
    const predictions = simulated(task, 5, { members: 6, rows: 400, skills: [3, 0, 0, 0, 0, 0] });
    for (const method of ['greedy', 'simplex'] as const) {
      const { overMean, overBest } = ensembleGains(
        task,
        predictions,
        method,
        learnWeights(task, predictions, method),
        drawing(5),
      );
      expect(overMean!.macroF1).toBeGreaterThan(0.1);
      expect(overMean!.interval[0]).toBeGreaterThan(0);
      expect(overBest!.interval[0]).toBeLessThan(0.02);
    }
    const crossFitted = (nested: NestedProbabilities): number =>
      task.scoreOutOfFold(nested, predictions.truth, predictions.folds, width).macroF1.crossFitted;
    const plain = ensembleGains(
      task,
      predictions,
      'mean',
      learnWeights(task, predictions, 'mean'),
      drawing(5),
    );
    expect(plain.overMean).toBeNull();
    expect(plain.overBest!.interval[1]).toBeLessThan(0);
    // The best of the members in hindsight, as each of them scores alone.
    const alone = predictions.members.map((member) => crossFitted(unlearnt(member)));
    const mixed = nestedMixture(predictions.members, { final: equal(6), without: [] }, width);
    expect(plain.overBest!.macroF1).toBeCloseTo(crossFitted(mixed) - Math.max(...alone), 12);
  });

  /*
   * Labels that no member knows anything of. What decisions gain on new rows is then known: of a label that
   * is decided in a share q of the rows, and true in a share π whatever is decided, F1 is 2qπ / (q + π).
   */
  it('of members that know nothing gains nothing, which it would seem to if it were not nested', () => {
    const tables = 100;
    const share = name === 'single-label' ? 1 / width : rate;
    const onNewRows = (decided: Uint8Array): number =>
      mean(
        Float64Array.from({ length: width }, (_, label) => {
          const rows = decided.length / width;
          const q = decided.reduce((sum, one, entry) => sum + (entry % width === label ? one : 0), 0) / rows;
          return (2 * q * share) / (q + share);
        }),
      );
    const nested = { surplus: new Float64Array(tables), heldZero: 0, heldKnown: 0 };
    const notNested = { surplus: new Float64Array(tables), heldZero: 0, heldKnown: 0 };
    for (let table = 0; table < tables; table++) {
      const predictions = simulated(task, 7919 * (table + 1), { members: 10, rows: 200 });
      const { members, truth, folds } = predictions;
      const known = (mixed: NestedProbabilities): number =>
        onNewRows(task.decideOutOfFold(mixed, truth, folds, width));
      const ofMean = known(nestedMixture(members, { final: equal(10), without: [] }, width));
      const weights = learnWeights(task, predictions, 'simplex');
      const onSameRows = { final: weights.final, without: [] };
      for (const [results, used] of [
        [nested, weights],
        [notNested, onSameRows],
      ] as const) {
        const gain: Gain = ensembleGains(task, predictions, 'simplex', used, drawing(table)).overMean!;
        const expected = known(nestedMixture(members, used, width)) - ofMean;
        const holds = (value: number): number =>
          Number(gain.interval[0] <= value && value <= gain.interval[1]);
        results.surplus[table] = gain.macroF1 - expected;
        results.heldZero += holds(0);
        results.heldKnown += holds(expected);
      }
    }
    const told = [nested, notNested].map(({ surplus, heldZero, heldKnown }) => {
      const average = mean(surplus);
      const error = Math.sqrt(mean(surplus.map((value) => (value - average) ** 2)) / tables);
      return { average, error, heldZero, heldKnown };
    });
    for (const [index, { average, error, heldZero, heldKnown }] of told.entries()) {
      console.log(
        `${name}, ${index === 0 ? 'nested' : 'not nested'}: zero is held in ${heldZero} of ${tables}, the known ` +
          `gain in ${heldKnown}; surplus ${average.toFixed(4)} ± ${error.toFixed(4)}`,
      );
    }
    // Three standard deviations of so many tables, at 95 %.
    const least = tables * (0.95 - 3 * Math.sqrt((0.95 * 0.05) / tables));
    expect(nested.heldZero).toBeGreaterThan(least);
    expect(nested.heldKnown).toBeGreaterThan(least);
    expect(Math.abs(told[0]!.average)).toBeLessThan(3 * told[0]!.error);
    expect(told[1]!.average).toBeGreaterThan(3 * told[1]!.error);
  }, 300_000);
});
