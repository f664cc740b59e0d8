import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { greedyWeights } from '../../metrics/greedy.js';
import { mixProbabilities, mixtureLoss, type Likelihoods } from '../../metrics/mixture.js';
import { simplexWeights } from '../../metrics/simplex.js';
import { ensembleMethods, type Weigh } from '../../metrics/weights.js';
import { generatedMembers, seeded } from './cases.js';

interface Golden {
  name: string;
  members: number[][];
  simplex: number[];
  simplexLoss: number;
  greedy: number[];
  greedyLoss: number;
}
const path = join(import.meta.dirname, '../golden/metrics/ensembles.json');
const { weights: golden } = JSON.parse(readFileSync(path, 'utf8')) as { weights: Golden[] };

describe.each(golden)('weights of an ensemble: $name', (expected) => {
  const members = expected.members.map((values) => Float32Array.from(values));

  it('on the simplex are SciPy’s optimum', () => {
    const weights = simplexWeights(members);
    expect(Math.abs(mixtureLoss(members, weights) - expected.simplexLoss)).toBeLessThan(1e-7);
    // SLSQP stops where the loss, which is flat around its minimum, does not move in float64.
    expected.simplex.forEach((weight, member) => expect(weights[member]).toBeCloseTo(weight, 3));
  });

  it('by greedy selection are those of the plain algorithm in NumPy', () => {
    const weights = greedyWeights(members);
    expect(mixtureLoss(members, weights)).toBeCloseTo(expected.greedyLoss, 12);
    expect([...weights]).toEqual(expected.greedy);
  });
});

const cases = Array.from({ length: 200 }, (_, seed) => generatedMembers(seed + 1));
const alone = (members: Likelihoods): number[] =>
  members.map((_, member) =>
    mixtureLoss(
      members,
      Float64Array.from(members, (_, other) => Number(other === member)),
    ),
  );
const lossOf = (weigh: Weigh, members: Likelihoods): number => mixtureLoss(members, weigh(members));

describe('over 200 generated ensembles', () => {
  it.each(Object.entries(ensembleMethods))('weights of %s lie on the simplex', (_, weigh) => {
    for (const members of cases) {
      const weights = weigh(members);
      expect(weights).toHaveLength(members.length);
      expect(Math.min(...weights)).toBeGreaterThanOrEqual(0);
      expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
    }
  });

  it('simplex weights lose no more than greedy ones, and these no more than the best member alone', () => {
    for (const members of cases) {
      const greedy = lossOf(greedyWeights, members);
      expect(lossOf(simplexWeights, members)).toBeLessThanOrEqual(greedy + 1e-8);
      expect(greedy).toBeLessThanOrEqual(Math.min(...alone(members)) + 1e-12);
    }
  });

  it('no small shift from simplex weights towards a member loses less', () => {
    for (const members of cases) {
      const weights = simplexWeights(members);
      const loss = mixtureLoss(members, weights);
      for (let member = 0; member < members.length; member++) {
        const shifted = weights.map((weight, other) => 0.99 * weight + 0.01 * Number(other === member));
        expect(mixtureLoss(members, shifted)).toBeGreaterThan(loss - 1e-8);
      }
    }
  });

  it('the order of the members does not matter to simplex weights', () => {
    for (const members of cases) {
      const weights = simplexWeights(members);
      simplexWeights(members.toReversed())
        .reverse()
        .forEach((weight, member) => expect(weight).toBeCloseTo(weights[member]!, 4));
    }
  });

  it('a member that is there twice shares its weight with its double', () => {
    for (const members of cases) {
      const weights = simplexWeights(members);
      const doubled = simplexWeights([...members, members[0]!]);
      expect(doubled[0]).toBeCloseTo(doubled.at(-1)!, 6);
      expect(doubled[0]! + doubled.at(-1)!).toBeCloseTo(weights[0]!, 4);
    }
  });
});

describe('weights of an ensemble', () => {
  it('of a member that knows nothing are near zero beside one that knows', () => {
    const draw = seeded(5);
    const knows = Float32Array.from({ length: 2000 }, () => 0.6 + 0.4 * draw());
    const noise = Float32Array.from({ length: 2000 }, () => draw());
    for (const weigh of [greedyWeights, simplexWeights]) expect(weigh([noise, knows])[0]).toBeLessThan(0.02);
  });

  it('are all of a member that is always the likelier one', () => {
    const good = Float32Array.of(0.9, 0.8, 0.7);
    const bad = Float32Array.of(0.5, 0.4, 0.3);
    for (const weigh of [greedyWeights, simplexWeights]) {
      expect([...weigh([bad, good])]).toEqual([0, 1]);
    }
  });

  it('are shared where members make different mistakes', () => {
    const first = Float32Array.of(0.99, 0.99, 0.1, 0.6);
    const second = Float32Array.of(0.1, 0.6, 0.99, 0.99);
    for (const weigh of [greedyWeights, simplexWeights])
      expect(weigh([first, second])[0]).toBeCloseTo(0.5, 6);
  });

  it.each(Object.entries(ensembleMethods))(
    'by %s are equal where nothing was observed, and one where there is one member',
    (_, weigh) => {
      const none = new Float32Array(0);
      expect([...weigh([none, none])]).toEqual([0.5, 0.5]);
      expect([...weigh([Float32Array.of(0)])]).toEqual([1]);
    },
  );
});

describe('probabilities of an ensemble', () => {
  it('are mixed entry by entry', () => {
    const members = [Float32Array.of(1, 0), Float32Array.of(0.5, 0.25)];
    expect([...mixProbabilities(members, [0.25, 0.75], 2)]).toEqual([0.625, 0.1875]);
  });

  it('of one member are its own, bit for bit', () => {
    const draw = seeded(6);
    const member = Float32Array.from({ length: 999 }, (_, entry) => (entry < 3 ? NaN : draw()));
    expect(mixProbabilities([member], [1], 3)).toEqual(member);
  });

  it('are those of the members that predicted the row, with weights that sum to 1 again', () => {
    const members = [
      Float32Array.of(0.5, NaN, NaN, NaN),
      Float32Array.of(0.25, 0.5, NaN, NaN),
      Float32Array.of(1, 0.25, 0.75, NaN),
    ];
    // The third row was predicted by a member without a weight alone, the fourth by none.
    expect([...mixProbabilities(members, [0.5, 0.5, 0], 1)]).toEqual([0.375, 0.5, 0.75, NaN]);
    expect([...mixProbabilities(members, [0.5, 0.25, 0.25], 1)]).toEqual([0.5625, 0.375, 0.75, NaN]);
  });
});
