import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Arena } from '../../../engine/kernels/arena.js';
import { Kernels } from '../../../engine/kernels/kernels.js';
import { normal, permutation, uniform } from '../../../engine/kernels/philox.js';
import {
  dataOrderDraws,
  dropoutDraws,
  foldKey,
  newWeightDraws,
  type DropoutPass,
  type WeightKind,
} from '../../../engine/kernels/random-draws.js';

/** What test/golden/kernels/generate_draws.py writes: the definition once more, in another language. */
const golden = JSON.parse(
  readFileSync(new URL('../../golden/kernels/draws.json', import.meta.url), 'utf8'),
) as {
  seed: number;
  fold: number;
  dropout: { pass: DropoutPass; batch: number; site: number; probability: number; mask: number[] }[];
  orders: { epoch: number; rows: number[] }[];
  weights: { kind: WeightKind; parameter: number; normal: number[]; uniform: number[] }[];
};

const key = foldKey(golden.seed, golden.fold);

describe('the draws of a fold are as they are defined:', () => {
  let arena: Arena;
  let kernels: Kernels;
  beforeAll(async () => {
    arena = Arena.create(2 ** 20);
    kernels = await Kernels.open(arena, 1);
  });
  afterAll(() => kernels.close());

  it.each(golden.dropout)(
    'dropout at $probability of batch $batch, site $site, in the $pass pass',
    ({ pass, batch, site, probability, mask }) => {
      const view = arena.allocate(mask.length);
      kernels.dropoutMasks(view, { probability, key, counter: dropoutDraws(pass, batch, site) });
      expect([...view]).toEqual(mask);
    },
  );

  it.each(golden.orders)('the order of the rows in epoch $epoch', ({ epoch, rows }) => {
    expect([...permutation(rows.length, key, dataOrderDraws(epoch))]).toEqual(rows);
  });

  it.each(golden.weights)('new weights of $kind parameter $parameter', (of) => {
    const counter = newWeightDraws(of.kind, of.parameter);
    expect([...uniform(of.uniform.length, key, counter)]).toEqual(of.uniform);
    const values = normal(of.normal.length, key, counter);
    // Sines and logarithms of two mathematical libraries differ in their last bits.
    of.normal.forEach((value, i) => expect(values[i]).toBeCloseTo(value, 13));
  });
});

it('no two purposes share a counter', () => {
  const counters = [
    dropoutDraws('plain', 0, 0),
    dropoutDraws('perturbed', 0, 0),
    dataOrderDraws(0),
    newWeightDraws('model', 0),
    newWeightDraws('adapter', 0),
  ];
  expect(new Set(counters.map(String)).size).toBe(counters.length);
});
