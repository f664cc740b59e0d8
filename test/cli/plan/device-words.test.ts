import { describe, expect, it } from 'vitest';
import type { DevicePlan } from '../../../cli/plan/device-plan.js';
import { deviceWords } from '../../../cli/plan/device-words.js';

const counted = {
  state: 2_000e6,
  gradients: 300e6,
  copies: 600e6,
  masks: 70e6,
  activations: 400e6,
  rows: 0,
  total: 3_370e6,
};
const fold: DevicePlan['folds'][number] = {
  ...{ member: '', folds: 5, precision: 'float16', textsAtOnce: 16, tokensPerText: 23.4 },
  ...{ counted, bytes: { least: 4_000e6, most: 6_000e6 } },
};
const plan: DevicePlan = {
  ...{
    device: 'cuda:0',
    starts: true,
    card: 'A card',
    driver: 'driver 580.1',
    memoryBytes: 80e9,
    missing: [],
  },
  ...{ precision: 'float16', queues: ['gpu'], folds: [fold] },
};

describe('what folds need of a device, in words', () => {
  it('is their memory by part, the precision, and the queue that they wait on', () => {
    expect(deviceWords(plan, 5)).toEqual([
      'cuda:0  ✓ starts: A card, driver 580.1, 80.00 GB',
      "A fold takes about 6.00 GB of the memory of cuda:0, in float16, 16 texts at once, judged by texts of 23 tokens on average: weights and moments 2.00 GB, gradients 300 MB, copies of weights and gradients 600 MB, dropout masks 70 MB, activations 400 MB, the provider's context and reserve 2.63 GB.",
      'Folds wait on queue foldwise-gpu: `foldwise worker --queue gpu --device cuda:0` takes them.',
    ]);
  });

  it('names members, and what nothing is reserved for', () => {
    const folds = [
      {
        ...fold,
        member: 'seed-1',
        textsAtOnce: 1,
        tokensPerText: null,
        bytes: { least: 1, most: counted.total },
      },
    ];
    const [, words] = deviceWords({ ...plan, folds }, 5);
    expect(words).toMatch(
      /^A fold of seed-1 takes about 3\.37 GB .*, one text at once, as long as they may be: /,
    );
    expect(words).not.toMatch(/reserve/);
  });

  it('is told where it does not start, too, and of a model that is not at hand', () => {
    const missing = [{ what: 'there is no driver', remedy: 'Install it.' }];
    const absent = { ...plan, starts: false, card: null, driver: null, memoryBytes: null, missing };
    expect(deviceWords({ ...absent, folds: [], queues: ['main'] }, 5)).toEqual([
      'cuda:0  ✗ there is no driver',
      '          Install it.',
      'Folds compute in float16 on cuda:0; what they take of its memory is counted where their model is at hand.',
      'Folds wait on queue foldwise: `foldwise worker --queue main --device cuda:0` takes them.',
    ]);
  });

  it('is nothing of folds where none are to be trained', () => {
    expect(deviceWords(plan, 0)).toHaveLength(1);
  });
});
