import { describe, expect, it } from 'vitest';
import { parametersOf, type ParameterSpec } from '../../../engine/inference/parameters.js';
import { Depths } from '../../../engine/nn/depths.js';
import { adamwStep } from '../../../engine/device/cpu/adamw-step.js';
import { ParameterMemory } from '../../../engine/device/cpu/parameter-memory.js';
import {
  allLayersAlike,
  grouped,
  untouchedFactor,
  type GroupSettings,
  type ParameterGroup,
} from '../../../engine/optim/parameter-groups.js';
import { unperturbed } from '../../../engine/optim/perturbation.js';
import { goldenClassifier, goldenModels } from '../models/golden-model.js';

const usual: ParameterGroup = { trained: true, decay: true, rateShare: 1, perturbed: false };
const frozen: ParameterGroup = { trained: false, decay: false, rateShare: 0, perturbed: false };

describe.each(goldenModels)('the parameters of %s', (model) => {
  const classifier = goldenClassifier(model);
  const parameters = parametersOf(classifier);
  const depths = new Depths(parameters);
  const of = (settings: Partial<GroupSettings>): (ParameterSpec & { readonly group: ParameterGroup })[] =>
    grouped(parameters, {
      layers: allLayersAlike,
      perturbation: unperturbed,
      wordEmbedding: classifier.wordEmbedding,
      ...settings,
    });

  it('are all trained at the whole rate by default, in their order, and decay but for biases and norms', () => {
    expect(of({}).map(({ name }) => name)).toEqual(parameters.map(({ name }) => name));
    const norm = /(?:bias|[Nn]orm\.weight|_norm\.weight)$|_layer_norm\.weight$|relative_attention_bias/;
    for (const { name, group } of of({})) expect(group, name).toEqual({ ...usual, decay: !norm.test(name) });
  });

  it('get the less of the learning rate the lower they lie', () => {
    const shares = new Map(
      of({ layers: { layerDecay: 0.5, freezeLayers: null } }).map(({ name, group }) => [
        name,
        group.rateShare,
      ]),
    );
    expect(shares.get(classifier.wordEmbedding)).toBe(0.5 ** (depths.layers + 1));
    for (const { name } of parameters)
      expect(shares.get(name), name).toBe(0.5 ** (depths.layers + 1 - depths.level(name)));
    const head = parameters.filter(({ depth }) => depth === 'head');
    expect(head.length).toBeGreaterThan(0);
    for (const { name } of head) expect(shares.get(name), name).toBe(1);
  });

  it.each([0, 1])('keep their weights up to layer %i where these are frozen, whatever else is asked', (n) => {
    const awp = { rate: 0.1, epsilon: 0.1, from: 1 };
    const settings = { layers: { layerDecay: 0.5, freezeLayers: n }, perturbation: { fgm: 0, awp } };
    for (const { name, group } of of(settings)) {
      if (depths.level(name) <= n) expect(group, name).toEqual(frozen);
      else expect(group.trained, name).toBe(true);
    }
  });

  it('keep their weights where the model says so', () => {
    for (const { name, depth, group } of of({ trains: (each) => each.startsWith('classifier') }))
      expect(group.trained, `${name}, ${depth}`).toBe(name.startsWith('classifier'));
  });

  it('have a perturbed copy where a perturbation moves them', () => {
    const moved = (perturbation: GroupSettings['perturbation']): string[] =>
      of({ perturbation }).flatMap(({ name, group }) => (group.perturbed ? [name] : []));
    expect(moved(unperturbed)).toEqual([]);
    expect(moved({ fgm: 1, awp: null })).toEqual([classifier.wordEmbedding]);
    expect(moved({ fgm: 0, awp: { rate: 0.1, epsilon: 0.1, from: 1 } })).toEqual(
      parameters.filter(({ shape }) => shape.length > 1).map(({ name }) => name),
    );
  });
});

describe('what is left of a weight without gradient', () => {
  const rates = [0.1, 0.2, 0.05];

  it.each<[string, ParameterGroup]>([
    ['at the whole rate', usual],
    ['at a share of it', { ...usual, rateShare: 0.25 }],
    ['without decay', { ...usual, decay: false }],
    ['that is frozen', frozen],
  ])('%s is what the optimizer leaves of it', async (_, group) => {
    const parameters = [
      { name: 'it', shape: [3], group },
      { name: 'other', shape: [1], group: usual },
    ];
    const memory = await ParameterMemory.allocate(parameters, { threads: 1, tables: new Set(), scratch: 0 });
    const { weights } = memory.of('it');
    weights.set([1, -2, 0.5]);
    memory.of('other').gradients.fill(1);
    rates.forEach((rate, i) => adamwStep(memory, { weightDecay: 0.3, maxGradNorm: 1 }, rate, i + 1));
    const factor = untouchedFactor(group, rates, 0.3);
    // A rounding of float32 for each step.
    [1, -2, 0.5].forEach((start, i) => expect(weights[i]! / start / factor).toBeCloseTo(1, 6));
    expect(factor < 1).toBe(group.decay);
    await memory.close();
  });

  it.each<[string, number[], number, number]>([
    ['is all of it before the first step', [], 0.1, 1],
    ['is all of it without decay', [0.1, 0.1], 0, 1],
    ['is all of it at rate 0', [0, 0], 0.1, 1],
    ['is the product over the steps', [0.5, 0.25], 0.1, 0.95 * 0.975],
  ])('%s', (_, learningRates, weightDecay, expected) => {
    expect(untouchedFactor(usual, learningRates, weightDecay)).toBeCloseTo(expected, 15);
  });

  it('is the average of what is left after each step, where the weights are averaged', () => {
    const moves = [1, 0.5, null, 0.25];
    const left = [0.9, 0.81, 0.729, 0.6561];
    const expected = 0.75 * ((0.9 + 0.81) / 2) + 0.25 * left[3]!;
    const found = untouchedFactor(usual, [1, 1, 1, 1], 0.1, (step) => moves[step]!);
    expect(found).toBeCloseTo(expected, 15);
  });
});
