import { describe, expect, it } from 'vitest';
import {
  equalWeights,
  greedyWeights,
  mixtureLoss,
  simplexWeights,
  weightedSum,
} from '../../metrics/mixture.js';
import { seeded } from './cases.js';

/** Likelihoods of members that are right more or less often. */
function generated(seed: number): Float64Array[] {
  const draw = seeded(seed);
  const members = 1 + Math.floor(draw() * 6);
  const observations = 20 + Math.floor(draw() * 200);
  return Array.from({ length: members }, () => {
    const skill = draw();
    return Float64Array.from({ length: observations }, () => Math.min(1, skill * draw() + draw() * 0.5));
  });
}
const cases = Array.from({ length: 60 }, (_, seed) => generated(seed + 1));
const single = (count: number, member: number): Float64Array =>
  Float64Array.from({ length: count }, (_, index) => Number(index === member));

describe('weights of an ensemble', () => {
  it.each([
    ['greedy selection', greedyWeights],
    ['simplex weights', simplexWeights],
  ])('%s: lie on the simplex and lose no more than the best member alone', (_, weigh) => {
    for (const members of cases) {
      const weights = weigh(members);
      expect(weights).toHaveLength(members.length);
      expect(Math.min(...weights)).toBeGreaterThanOrEqual(0);
      expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
      const alone = members.map((_, member) => mixtureLoss(members, single(members.length, member)));
      expect(mixtureLoss(members, weights)).toBeLessThanOrEqual(Math.min(...alone) + 1e-6);
    }
  });

  it('simplex weights are the minimum: no greedy bag, no equal weights and no small shift loses less', () => {
    for (const members of cases) {
      const weights = simplexWeights(members);
      const loss = mixtureLoss(members, weights);
      expect(loss).toBeLessThanOrEqual(mixtureLoss(members, greedyWeights(members)) + 1e-5);
      expect(loss).toBeLessThanOrEqual(mixtureLoss(members, equalWeights(members.length)) + 1e-12);
      for (let member = 0; member < members.length; member++) {
        const towards = single(members.length, member);
        const shifted = weights.map((weight, index) => 0.99 * weight + 0.01 * towards[index]!);
        expect(loss).toBeLessThanOrEqual(mixtureLoss(members, shifted) + 1e-5);
      }
    }
  });

  it('give everything to a member that is always the likelier one, and share between equals', () => {
    const good = Float64Array.of(0.9, 0.8, 0.7);
    const bad = Float64Array.of(0.5, 0.4, 0.3);
    expect([...greedyWeights([bad, good])]).toEqual([0, 1]);
    expect(simplexWeights([bad, good])[1]).toBeGreaterThan(0.999);
    expect([...simplexWeights([good, good])]).toEqual([0.5, 0.5]);
  });

  it('prefer a mixture where members make different mistakes', () => {
    const first = Float64Array.of(0.99, 0.99, 0.1, 0.6);
    const second = Float64Array.of(0.1, 0.6, 0.99, 0.99);
    for (const weights of [greedyWeights([first, second]), simplexWeights([first, second])]) {
      expect(weights[0]).toBeCloseTo(0.5, 3);
    }
  });

  it('are equal where nothing was observed, and one where there is one member', () => {
    const none = new Float64Array(0);
    expect([...greedyWeights([none, none])]).toEqual([1, 0]);
    expect([...simplexWeights([none, none])]).toEqual([0.5, 0.5]);
    expect([...greedyWeights([Float64Array.of(0)])]).toEqual([1]);
    expect([...simplexWeights([Float64Array.of(0)])]).toEqual([1]);
  });

  it('mix probabilities entry by entry', () => {
    const mixed = weightedSum(
      [Float32Array.of(1, 0), Float32Array.of(0.5, 0.25)],
      Float64Array.of(0.25, 0.75),
    );
    expect([...mixed]).toEqual([0.625, 0.1875]);
  });
});
