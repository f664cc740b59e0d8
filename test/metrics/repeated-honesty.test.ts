import { expect, it } from 'vitest';
import { assignFolds } from '../../data/splits/folds.js';
import { f1 } from '../../metrics/f1.js';
import { unlearnt } from '../../metrics/nested.js';
import { scoreOutOfFold } from '../../metrics/out-of-fold.js';
import { seeded } from './cases.js';

/**
 * A learner that can learn nothing but chance: texts fall into kinds, of which it learns the share of positive
 * rows, and labels do not depend on them. Of repeated splits each row has the mean of what the models without it
 * say, and the thresholds of a fold of the first split are tuned on the rows of its others, whose models have seen
 * its labels. Is the score then still what new rows reach, which one model of each split judges?
 */
const [rows, kinds, count, tables, fixed] = [2000, 40, 5, 60, 0.1];

function shares(
  kindOf: readonly number[],
  labels: Uint8Array,
  isTrained: (row: number) => boolean,
): number[] {
  const [positive, all] = [new Array<number>(kinds).fill(0.6), new Array<number>(kinds).fill(2)];
  kindOf.forEach((kind, row) => {
    if (!isTrained(row)) return;
    positive[kind]! += labels[row]!;
    all[kind]! += 1;
  });
  return positive.map((sum, kind) => sum / all[kind]!);
}

function simulate(repeats: number, rate: number, next: () => number) {
  const labels = Uint8Array.from({ length: rows }, () => Number(next() < rate));
  const kindOf = Array.from({ length: rows }, () => Math.floor(next() * kinds));
  const seed = Math.floor(next() * 2 ** 31);
  const splits = assignFolds({ labels, width: 1 }, { count, strategy: 'stratified', seed, repeats }).repeats;
  const models = splits.map((folds) =>
    Array.from({ length: count }, (_, fold) => shares(kindOf, labels, (row) => folds[row] !== fold + 1)),
  );
  const meanOf = (kind: number, foldIn: (split: number) => number): number =>
    models.reduce((sum, split, place) => sum + split[foldIn(place)]![kind]!, 0) / repeats;
  const p = Float32Array.from(kindOf, (kind, row) => meanOf(kind, (split) => splits[split]![row]! - 1));
  const { macroF1, thresholds } = scoreOutOfFold(unlearnt(p), labels, splits[0]!, 1);
  const fresh = Uint8Array.from({ length: 20_000 }, () => Number(next() < rate));
  const freshP = Float32Array.from(fresh, () =>
    meanOf(Math.floor(next() * kinds), () => Math.floor(next() * count)),
  );
  const scored = (truth: Uint8Array, values: Float32Array, threshold: number): number =>
    f1(
      truth,
      Uint8Array.from(values, (value) => Number(value >= threshold)),
    );
  return {
    ...macroF1,
    fresh: scored(fresh, freshP, thresholds[0]!),
    fixed: scored(labels, p, fixed),
    fixedFresh: scored(fresh, freshP, fixed),
  };
}

it.each([1, 5])(
  'of %i splits the cross-fitted score is what new rows reach, and the tuned one more',
  (repeats) => {
    for (const rate of [0.1, 0.3]) {
      const next = seeded(100 * repeats + 1000 * rate);
      const found = Array.from({ length: tables }, () => simulate(repeats, rate, next));
      type Found = (typeof found)[number];
      const mean = (of: (each: Found) => number): number =>
        found.reduce((sum, each) => sum + of(each), 0) / tables;
      const told = (of: (each: Found) => number): string => mean(of).toFixed(4);
      console.log(
        `${repeats} splits, ${100 * rate} %: tuned ${told(({ tuned }) => tuned)}, cross-fitted ${told(({ crossFitted }) => crossFitted)}, fresh ${told(({ fresh }) => fresh)}; at ${fixed} ${told((each) => each.fixed)}, fresh ${told((each) => each.fixedFresh)}`,
      );
      const bias = mean((each) => each.fixed - each.fixedFresh);
      const spread = Math.sqrt(mean((each) => (each.fixed - each.fixedFresh - bias) ** 2));
      expect(Math.abs(bias)).toBeLessThan((3 * spread) / Math.sqrt(tables));
      expect(Math.abs(mean(({ crossFitted, fresh }) => crossFitted - fresh))).toBeLessThan(0.01);
      expect(mean(({ tuned, crossFitted }) => tuned - crossFitted)).toBeGreaterThan(0);
    }
  },
);
