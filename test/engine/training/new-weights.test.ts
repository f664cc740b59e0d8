import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parametersOf, type ParameterSpec } from '../../../engine/inference/parameters.js';
import { normal } from '../../../engine/kernels/philox.js';
import { newWeightDraws } from '../../../engine/kernels/random-draws.js';
import { newWeights } from '../../../engine/training/new-weights.js';
import { goldenClassifier, goldenModels } from '../models/golden-model.js';

const key = [42, 1] as const;

/** Of the names of the parameters in the order of their numbers. Another order gives folds other weights. */
const orders: Readonly<Record<string, string>> = {
  bert: 'd919c719e4b382ad',
  'deberta-v3': 'c7010dba21d9fd3d',
  'deberta-v2': 'c2a1b9a63019c6f2',
  'deberta-c2p': '984c9acad31d68d9',
  'deberta-absolute': '6fdf638b7061982f',
  'roberta-1': 'c3490ff1cabd2599',
  'roberta-2': '0e5bfa40f56dde5f',
  'xlm-roberta-1': 'c3490ff1cabd2599',
  'camembert-1': 'c3490ff1cabd2599',
  'distilbert-1': '286eed598de7e8a8',
  'distilbert-2': '924371cb5442b74b',
  'electra-1': 'ccb9becd89c13a5b',
  'electra-2': '342c3c5aa990f538',
  'mpnet-1': '6874243ef6cb0733',
  'mpnet-2': '6874243ef6cb0733',
  'albert-1': '9c4839b169189c00',
  'albert-2': '315985883b41a2d5',
  'deberta-1': '07aa337e4a755529',
  'deberta-2': '9a824e61606f0757',
  'modernbert-1': 'b6b6509835e75ab2',
  'modernbert-2': '2c4032cb6b548d9e',
};

function orderOf(parameters: readonly ParameterSpec[]): string {
  return createHash('sha256')
    .update(parameters.map(({ name }) => name).join('\n'))
    .digest('hex')
    .slice(0, 16);
}

describe.each(goldenModels)('new weights of %s', (model) => {
  const classifier = goldenClassifier(model);
  const parameters = parametersOf(classifier);

  it('have the numbers that they have always had', () => {
    expect(orderOf(parameters)).toBe(orders[model]);
    const begun = newWeights('model', parameters, 0.02, key);
    parameters.forEach(({ name, shape, initial }, number) => {
      if (initial !== 'normal') return;
      const [first] = normal(1, key, newWeightDraws('model', number));
      expect(begun(name)[0], name).toBe(Math.fround(first! * 0.02));
      expect(begun(name)).toHaveLength(shape.reduce((product, dim) => product * dim, 1));
    });
  });

  it('are the same by name where its layers are built in another order', () => {
    const begun = newWeights('model', parameters, 0.02, key);
    const inLayers = parameters.filter(({ depth }) => typeof depth === 'number');
    const swapped = [
      ...parameters.filter(({ depth }) => depth === 'head'),
      ...inLayers.filter(({ depth }) => depth !== 0),
      ...inLayers.filter(({ depth }) => depth === 0),
      ...parameters.filter(({ depth }) => depth === 'embeddings'),
    ];
    const other = newWeights('model', swapped, 0.02, key);
    for (const { name } of parameters) expect(other(name), name).toEqual(begun(name));
  });
});

describe('new weights', () => {
  const parameters: readonly ParameterSpec[] = (['zeros', 'ones', 'normal', 'uniform'] as const).map(
    (initial) => ({ name: initial, depth: 0, shape: [40, 25], role: 'weight', initial }),
  );
  const begun = newWeights('adapter', parameters, 0.5, key);

  it('are as their parameter asks for', () => {
    expect(new Set(begun('zeros'))).toEqual(new Set([0]));
    expect(new Set(begun('ones'))).toEqual(new Set([1]));
    const spread = (name: string): number => Math.sqrt(begun(name).reduce((sum, w) => sum + w * w, 0) / 1000);
    // 0.5, and a uniform value within ±1/√25; within five standard errors
    expect(Math.abs(spread('normal') - 0.5)).toBeLessThan(0.06);
    expect(Math.abs(spread('uniform') - 0.2 / Math.sqrt(3))).toBeLessThan(0.02);
    expect(Math.max(...begun('uniform').map(Math.abs))).toBeLessThanOrEqual(Math.fround(0.2));
  });

  it.each([
    ['normal', '0450a838ad78c0d7'],
    ['uniform', '6c58f08a93360b80'],
  ] as const)('have the bits that they have always had where they are %s', (initial, expected) => {
    const parameter = { name: 'one', depth: 0, shape: [33, 31], role: 'weight', initial } as const;
    const values = newWeights('model', [parameter], 0.02, key)('one');
    const hash = createHash('sha256').update(new Uint8Array(values.buffer)).digest('hex');
    expect(hash.slice(0, 16)).toBe(expected);
  });

  it('take little more of the processor than their draws', () => {
    const count = 400_000;
    const large = { name: 'one', depth: 0, shape: [count], role: 'weight', initial: 'normal' } as const;
    const weights = newWeights('model', [large], 0.02, key);
    const pairs = Array.from({ length: 5 }, () => {
      const drawn = processorTime(() => normal(count, key, [0, 0, 0]));
      return processorTime(() => weights('one')) / drawn;
    });
    // A list of the values on the way makes it about five times.
    expect(Math.min(...pairs)).toBeLessThan(2.5);
  });

  it('of adapters are others than of the model', () => {
    expect(newWeights('model', parameters, 0.5, key)('normal')).not.toEqual(begun('normal'));
  });

  it('are none of what is not there', () => {
    expect(() => begun('other')).toThrow("no parameter 'other'");
  });
});

/** Microseconds. */
function processorTime(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
