import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { learningRate, linearWarmup, type ScheduleName } from '../../../engine/schedules/schedule.js';

/** Shares of the peak, as transformers' get_linear_schedule_with_warmup multiplies it, from step 0 on. */
const shares: readonly (readonly [string, number, number, readonly number[]])[] = [
  ['without warm-up', 0, 4, [1, 0.75, 0.5, 0.25, 0]],
  ['with warm-up', 2, 6, [0, 0.5, 1, 0.75, 0.5, 0.25, 0]],
  ['with one step of warm-up', 1, 3, [0, 1, 0.5, 0]],
  ['of warm-up alone', 3, 3, [0, 1 / 3, 2 / 3, 0]],
  ['of one step', 0, 1, [1, 0]],
  ['with warm-up beyond the end', 4, 2, [0, 0.25, 0.5, 0.75, 0]],
  ['of no steps', 0, 0, [0, 0]],
  ['beyond its end', 1, 2, [0, 1, 0, 0, 0]],
];

describe('the learning rate', () => {
  it.each(shares)('%s', (_, warmup, total, expected) => {
    const peak = 2e-5;
    expected.forEach((share, step) => {
      expect(linearWarmup(step, peak, warmup, total), `step ${step}`).toBeCloseTo(peak * share, 15);
    });
  });
});

interface Golden {
  readonly title: string;
  readonly schedule: ScheduleName;
  readonly power: number;
  readonly warmupSteps: number;
  readonly totalSteps: number;
  readonly rates: readonly number[];
}

describe('the rates of transformers', () => {
  const path = join(import.meta.dirname, '../../golden/schedules/expected.json');
  const { peak, cases } = JSON.parse(readFileSync(path, 'utf8')) as { peak: number; cases: Golden[] };

  it.each(cases)('$title, $warmupSteps of $totalSteps steps rising', (golden) => {
    const { schedule, power, rates } = golden;
    const settings = { schedule, peak, power, warmupRatio: 0 };
    rates.forEach((rate, step) => {
      expect(learningRate(step, golden, settings) / peak, `step ${step}`).toBeCloseTo(rate / peak, 12);
    });
  });
});
