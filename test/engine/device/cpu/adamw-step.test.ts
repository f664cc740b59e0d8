import { describe, expect, it } from 'vitest';
import { adamwStep } from '../../../../engine/device/cpu/adamw-step.js';
import { ParameterMemory } from '../../../../engine/device/cpu/parameter-memory.js';

const group = { trained: true, decay: true, rateShare: 1, perturbed: false };
const parameters = [
  { name: 'weight', shape: [1, 2], group },
  { name: 'bias', shape: [1], group: { ...group, decay: false } },
];

/** Two parameters whose gradients together have the norm 5·size. */
async function memoryWith(size: number, use: (memory: ParameterMemory) => void): Promise<void> {
  const memory = await ParameterMemory.allocate(parameters, { threads: 1, tables: new Set(), scratch: 0 });
  memory.of('weight').weights.set([1, -2]);
  memory.of('bias').weights.set([0.5]);
  memory.of('weight').gradients.set([3 * size, 0]);
  memory.of('bias').gradients.set([-4 * size]);
  use(memory);
  await memory.close();
}

const values = (memory: ParameterMemory, name: string) => {
  const { weights, firstMoment, secondMoment } = memory.of(name);
  return { weights: [...weights], firstMoment: [...firstMoment], secondMoment: [...secondMoment] };
};

describe('the gradient norm', () => {
  // The moments show the gradient that was used: AdamW's first step itself does not depend on its size.
  it.each([
    ['is clipped to the bound when above it', 2, 1, 1 / (10 + 1e-6)],
    ['is left alone when below it', 0.1, 1, 1],
    ['is clipped a little at the bound itself, as PyTorch does', 0.2, 1, 1 / (1 + 1e-6)],
    ['may be bounded loosely', 2, 100, 1],
  ])('%s', async (_, size, maxGradNorm, scale) => {
    await memoryWith(size, (memory) => {
      const norm = adamwStep(memory, { weightDecay: 0, maxGradNorm }, 0.1, 1);
      expect(norm).toBeCloseTo(5 * size, 6);
      expect(values(memory, 'weight').firstMoment[0]).toBeCloseTo(0.1 * 3 * size * scale, 7);
      expect(values(memory, 'bias').firstMoment[0]).toBeCloseTo(0.1 * -4 * size * scale, 7);
      expect(values(memory, 'bias').secondMoment[0]).toBeCloseTo(1e-3 * (4 * size * scale) ** 2, 7);
    });
  });

  it.each([NaN, Infinity, -Infinity])('of %d leaves weights and moments as they are', async (entry) => {
    await memoryWith(1, (memory) => {
      memory.of('weight').gradients[1] = entry;
      const before = ['weight', 'bias'].map((name) => values(memory, name));
      expect(Number.isFinite(adamwStep(memory, { weightDecay: 0.1, maxGradNorm: 1 }, 0.1, 1))).toBe(false);
      expect(['weight', 'bias'].map((name) => values(memory, name))).toEqual(before);
    });
  });
});

describe('the first step', () => {
  it('moves each weight by the learning rate against its gradient, after decay where there is any', async () => {
    await memoryWith(1, (memory) => {
      adamwStep(memory, { weightDecay: 0.5, maxGradNorm: 100 }, 0.1, 1);
      const [moved, still] = values(memory, 'weight').weights;
      expect(moved).toBeCloseTo(1 * (1 - 0.1 * 0.5) - 0.1, 6);
      expect(still).toBeCloseTo(-2 * (1 - 0.1 * 0.5), 6);
      expect(values(memory, 'bias').weights[0]).toBeCloseTo(0.5 + 0.1, 6);
    });
  });

  it('at rate 0 leaves the weights and fills the moments', async () => {
    await memoryWith(1, (memory) => {
      adamwStep(memory, { weightDecay: 0.5, maxGradNorm: 100 }, 0, 1);
      expect(values(memory, 'weight').weights).toEqual([1, -2]);
      expect(values(memory, 'weight').firstMoment[0]).toBeCloseTo(0.3, 6);
    });
  });
});

describe('the parameter memory', () => {
  it('keeps the parameters apart and refuses a name it does not have', async () => {
    await memoryWith(1, (memory) => {
      expect(values(memory, 'weight').weights).toEqual([1, -2]);
      expect(values(memory, 'bias').weights).toEqual([0.5]);
      expect(() => memory.of('other')).toThrow("no parameter 'other'");
    });
  });
});
