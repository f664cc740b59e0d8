import { describe, expect, it } from 'vitest';
import { addGradients } from '../../../engine/device/cpu/accumulation.js';
import { moveAverage } from '../../../engine/device/cpu/moving-average.js';
import { ParameterMemory } from '../../../engine/device/cpu/parameter-memory.js';
import { averageShare, type AveragingSettings } from '../../../engine/optim/averaging.js';

const group = { trained: true, decay: true, rateShare: 1, perturbed: false };
const parameters = [
  { name: 'weight', shape: [100], group },
  { name: 'bias', shape: [3], group: { ...group, decay: false } },
];

async function memoryWith(use: (memory: ParameterMemory) => void): Promise<void> {
  const memory = await ParameterMemory.allocate(parameters, {
    threads: 1,
    tables: new Set(),
    scratch: 0,
    extra: ['sums', 'average'],
  });
  use(memory);
  await memory.close();
}

describe('the average of the weights', () => {
  const shares = (settings: AveragingSettings, steps: number) =>
    Array.from({ length: steps }, (_, step) => averageShare(settings, step, 2));

  it.each<[string, AveragingSettings, (number | null)[]]>([
    ['is none unless asked for', { ema: null, swa: null }, [null, null, null]],
    ['begins with the first step and keeps its share', { ema: 0.75, swa: null }, [1, 0.25, 0.25]],
    [
      'is that of the epochs from the second on, and until then of the last one alone',
      { ema: null, swa: 2 },
      [null, 1, null, 1, null, 1 / 2, null, 1 / 3],
    ],
  ])('%s', (_, settings, expected) => {
    expect(shares(settings, expected.length)).toEqual(expected);
  });

  it.each([
    ['of equal shares is the mean', [1, 1 / 2, 1 / 3, 1 / 4], (3 + 5 + 10 + 2) / 4],
    ['of one share falls off exponentially', [1, 0.5, 0.5, 0.5], 3 / 8 + 5 / 8 + 10 / 4 + 2 / 2],
  ])('%s', async (_, moves, expected) => {
    await memoryWith((memory) => {
      [3, 5, 10, 2].forEach((value, i) => {
        for (const { name } of parameters) memory.of(name).weights.fill(value);
        moveAverage(memory, moves[i]!);
      });
      for (const { name } of parameters) {
        expect(memory.of(name).weights.every((value) => value === 2)).toBe(true);
        for (const value of memory.of(name).average!) expect(value).toBeCloseTo(expected, 5);
      }
    });
  });
});

describe('gradients of several batches', () => {
  it('are added up by their shares', async () => {
    await memoryWith((memory) => {
      const batches = [4, 8, 16];
      batches.forEach((value, i) => {
        for (const { name } of parameters) memory.of(name).gradients.fill(value);
        addGradients(memory, [0.5, 0.25, 0.25][i]!, { isFirst: i === 0, isLast: i === 2 });
      });
      for (const { name } of parameters) expect(new Set(memory.of(name).gradients)).toEqual(new Set([8]));
    });
  });
});
