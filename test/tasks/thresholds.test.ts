import { expect, it } from 'vitest';
import { unlearnt } from '../../metrics/nested.js';
import { byThresholds } from '../../metrics/thresholds.js';
import { tasks, taskWith } from '../../tasks/index.js';
import { thresholdDecider, type ThresholdMethod } from '../../tasks/thresholds.js';
import { drawnByRule, seeded } from '../metrics/cases.js';

/** A rare label whose probabilities stay below the grid. */
function rare(seed: number) {
  const next = seeded(seed);
  const truth = Uint8Array.from({ length: 600 }, () => Number(next() < 0.04));
  const probabilities = Float32Array.from(truth, (y) => 0.04 * next() + 0.03 * y);
  return { truth, probabilities, folds: Int32Array.from(truth, (_, row) => 1 + (row % 5)) };
}

it('exact thresholds find a label that the grid does not reach, on the rows of other folds too', () => {
  const { truth, probabilities, folds } = rare(1);
  const scored = (method: ThresholdMethod) =>
    taskWith('multi-label', { thresholds: { method } }).scoreOutOfFold(
      unlearnt(probabilities),
      truth,
      folds,
      1,
      drawnByRule,
    );
  const [grid, exact] = [scored('grid'), scored('exact')];
  expect(grid.macroF1).toEqual({ atHalf: 0, tuned: 0, crossFitted: 0 });
  expect(exact.macroF1.tuned).toBeGreaterThan(0.7);
  expect(exact.macroF1.crossFitted).toBeGreaterThan(0.6);
  expect(exact.thresholds[0]).toBeLessThan(0.1);
  expect([grid, exact].map(({ assessment }) => assessment!.macro.verdict)).toEqual(['not-shown', 'better']);
  const [least, most] = exact.perLabel[0]!.spread;
  expect(least).toBeLessThanOrEqual(exact.thresholds[0]!);
  expect(most).toBeLessThan(0.1);
  // What is decided out of fold is what was scored.
  const decided = taskWith('multi-label', { thresholds: { method: 'exact' } }).decideOutOfFold(
    unlearnt(probabilities),
    truth,
    folds,
    1,
  );
  const hits = truth.filter((y, row) => y === 1 && decided[row] === 1).length;
  const either = truth.reduce((sum, y, row) => sum + y + decided[row]!, 0);
  expect((2 * hits) / either).toBeCloseTo(exact.macroF1.crossFitted, 12);
});

it('without a word of it thresholds are the grid’s, and classes have none', () => {
  expect(taskWith('multi-label')).toBe(tasks['multi-label']);
  expect(taskWith('single-label')).toBe(tasks['single-label']);
  expect(thresholdDecider({ method: 'grid' })).toBe(byThresholds);
});
