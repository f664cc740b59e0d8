import { expect } from 'vitest';
import type { StepResult } from '../../../engine/device/training-state.js';

/** As in curve.test.ts; the last is of how far a parameter has moved, relative to the farthest of its model. */
export const [LOSS, NORM, MOVED] = [2e-6, 2e-5, 1e-4];

/** How the generators train. */
export interface CurveSettings {
  readonly steps: number;
  readonly warmupSteps: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly maxGradNorm: number;
}

/** The class of a text is the number of its labels, as the generators have it. */
export function oneHot(labels: readonly (readonly number[])[]): number[][] {
  const ones = (row: readonly number[]): number => row.reduce((sum, label) => sum + label, 0);
  return labels.map((row) => row.map((_, index) => Number(ones(row) % row.length === index)));
}

export function expectStep(
  { loss, gradientNorm }: StepResult,
  expected: { readonly loss: number; readonly gradNorm: number },
  step: number,
): void {
  expect(Math.abs(loss - expected.loss), `loss of step ${step}`).toBeLessThan(LOSS);
  expect(Math.abs(gradientNorm / expected.gradNorm - 1), `norm of step ${step}`).toBeLessThan(NORM);
}

/**
 * Holds how far each parameter has moved against the generator's distances.
 *
 * @param batches whose parameters without a gradient move by rounding alone: these are left out
 */
export function expectMoved(
  first: ReadonlyMap<string, Float32Array>,
  distances: Readonly<Record<string, number>>,
  ends: (name: string) => Float32Array,
  batches: Readonly<Record<string, { readonly zeroGradients: readonly string[] }>> = {},
): void {
  const noise = new Set(Object.values(batches).flatMap(({ zeroGradients }) => zeroGradients));
  const farthest = Math.max(...Object.values(distances));
  for (const [name, distance] of Object.entries(distances)) {
    if (noise.has(name)) continue;
    const begin = first.get(name)!;
    const found = Math.sqrt(ends(name).reduce((sum, value, i) => sum + (value - begin[i]!) ** 2, 0));
    expect(Math.abs(found - distance) / farthest, name).toBeLessThan(MOVED);
  }
}
