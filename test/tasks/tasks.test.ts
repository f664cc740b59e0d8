import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tasks } from '../../tasks/index.js';
import { seeded } from '../metrics/cases.js';

interface Sample {
  readonly inputs: Record<string, { readonly shape: readonly number[]; readonly data: readonly number[] }>;
  readonly output: { readonly data: readonly number[] };
}

/** PyTorch's losses, in float64, of inputs that are exact in float32. */
function golden(op: string): Sample[] {
  const path = join(import.meta.dirname, `../golden/ops/${op}.json`);
  return (JSON.parse(readFileSync(path, 'utf8')) as { samples: Sample[] }).samples;
}

const isTruth = (data: readonly number[]): boolean => data.every((value) => value === 0 || value === 1);

describe.each([
  ['multi-label', 'bceWithLogits', 'labels'],
  ['single-label', 'softmaxCrossEntropy', 'targets'],
] as const)('the task %s', (name, op, targets) => {
  const task = tasks[name];

  it(`has the loss of PyTorch’s ${op}`, () => {
    const samples = golden(op).filter(({ inputs }) => isTruth(inputs[targets]!.data));
    expect(samples.length).toBeGreaterThan(1);
    for (const { inputs, output } of samples) {
      const { shape, data } = inputs['logits']!;
      const loss = task.lossOf(Float32Array.from(data), Uint8Array.from(inputs[targets]!.data), shape[1]!);
      expect(loss).toBeCloseTo(output.data[0]!, 12);
    }
  });

  it('has a loss that is the mean of −log of the likelihoods of its probabilities', () => {
    const draw = seeded(3);
    const [rows, width] = [50, 4];
    const logits = Float32Array.from({ length: rows * width }, () => 6 * draw() - 3);
    const truth = new Uint8Array(rows * width);
    for (let row = 0; row < rows; row++) truth[row * width + Math.floor(draw() * width)] = 1;
    const likelihoods = task.likelihoods(task.activate(logits, width), truth, width);
    const loss = likelihoods.reduce((sum, p) => sum - Math.log(p), 0) / likelihoods.length;
    expect(loss).toBeCloseTo(task.lossOf(logits, truth, width), 5);
  });

  it('stays finite where logits are large', () => {
    const logits = Float32Array.of(1e4, -1e4, -1e4, 1e4);
    const truth = Uint8Array.of(0, 1, 0, 1);
    expect(task.activate(logits, 2).every((p) => p >= 0 && p <= 1)).toBe(true);
    expect(Number.isFinite(task.lossOf(logits, truth, 2))).toBe(true);
    expect(task.lossOf(new Float32Array(0), new Uint8Array(0), 2)).toBe(0);
  });
});

describe('what a row may be', () => {
  it('is anything for several labels, and exactly one class for one', () => {
    expect([0, 1, 2].map((ones) => tasks['multi-label'].faultOf(ones))).toEqual([null, null, null]);
    expect(tasks['single-label'].faultOf(1)).toBeNull();
    expect(tasks['single-label'].faultOf(0)).toMatch('no class');
    expect(tasks['single-label'].faultOf(2)).toMatch('2 classes');
  });

  it('is decided at 0.5 each, or for the likeliest class', () => {
    const probabilities = Float32Array.of(0.5, 0.6, 0.4, 0.3);
    expect([...tasks['multi-label'].decide(probabilities, 2)]).toEqual([1, 1, 0, 0]);
    expect([...tasks['single-label'].decide(probabilities, 2)]).toEqual([0, 1, 1, 0]);
  });
});
