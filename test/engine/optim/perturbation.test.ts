import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { oneDraw } from '../../../engine/losses/settings.js';
import { ParameterMemory } from '../../../engine/device/cpu/parameter-memory.js';
import { perturb } from '../../../engine/device/cpu/perturb.js';
import { isPerturbed, type PerturbationSettings } from '../../../engine/optim/perturbation.js';
import { CpuDevice } from '../../../engine/device/cpu/device.js';
import { memoryNeeds } from '../../../engine/training/memory-need.js';
import { parametersOf } from '../../../engine/inference/parameters.js';
import { Trainer } from '../../../engine/training/trainer.js';
import { goldenBatches, goldenClassifier, goldenModels, goldenTensors } from '../models/golden-model.js';
import { weightsOf, writeWeights } from '../device/weights.js';

const fgm: PerturbationSettings = { fgm: 0.5, awp: null };
const awp: PerturbationSettings = { fgm: 0, awp: { rate: 0.1, epsilon: 0.25, from: 1 } };

describe.each(goldenModels)('of %s', (model) => {
  const classifier = goldenClassifier(model);
  const parameters = parametersOf(classifier);
  const perturbed = (settings: PerturbationSettings): string[] =>
    parameters
      .filter((each) => isPerturbed(each, settings, classifier.wordEmbedding))
      .map(({ name }) => name);

  it('the word embedding alone, or every matrix', () => {
    expect(perturbed(fgm)).toEqual([classifier.wordEmbedding]);
    expect(perturbed(awp)).toEqual(
      parameters.filter(({ shape }) => shape.length > 1).map(({ name }) => name),
    );
    expect(perturbed({ fgm: 0, awp: null })).toEqual([]);
  });
});

describe('the perturbed copy', () => {
  let memory: ParameterMemory;
  const views = (): ReturnType<ParameterMemory['of']> => memory.of('w');
  beforeAll(async () => {
    const group = { trained: true, decay: true, rateShare: 1, perturbed: false };
    const parameters = [
      { name: 'w', shape: [2, 2], group: { ...group, perturbed: true } },
      { name: 'v', shape: [2, 2], group },
    ];
    memory = await ParameterMemory.allocate(parameters, { threads: 1, tables: new Set(), scratch: 0 });
    views().weights.set([3, 0, -4, 0]);
  });
  afterAll(() => memory.close());

  it('lies ε along the gradient', () => {
    views().gradients.set([0, 6, 8, 0]);
    perturb(memory, ['w'], fgm);
    expect([...views().perturbed!]).toEqual([3, 0.5 * 0.6, 0.5 * 0.8 - 4, 0].map(Math.fround));
  });

  it('lies a share of its norm along the gradient, no entry beyond its bound', () => {
    views().gradients.set([0.03, 0.04, 0, 0]);
    perturb(memory, ['w'], { fgm: 0, awp: { rate: 0.1, epsilon: 0.05, from: 1 } });
    // r = 0.1·5·(0.6, 0.8, 0, 0), bounded by 0.05·(3, 0, 4, 0)
    expect([...views().perturbed!]).toEqual([3.15, 0, -4, 0].map(Math.fround));
  });

  it.each([fgm, awp])('is the weights where the gradient is zero: %o', (settings) => {
    views().gradients.fill(0);
    perturb(memory, ['w'], settings);
    expect([...views().perturbed!]).toEqual([3, 0, -4, 0]);
  });

  it('leaves weights and gradients as they are, and is there only where it was asked for', () => {
    views().gradients.set([1, 2, 3, 4]);
    perturb(memory, ['w'], awp);
    expect([...views().weights]).toEqual([3, 0, -4, 0]);
    expect([...views().gradients]).toEqual([1, 2, 3, 4]);
    expect(memory.of('v').perturbed).toBeUndefined();
    expect(() => perturb(memory, ['v'], awp)).toThrow("no perturbed copy of 'v'");
  });
});

describe.each([
  ['FGM', fgm],
  ['AWP', awp],
])('a step with %s', (_, perturbation) => {
  const classifier = goldenClassifier('bert');
  const { ragged } = goldenBatches('bert');
  const batch = { texts: ragged!.tokens.map((ids) => Int32Array.from(ids)), targets: ragged!.labels };
  const settings = { averageShare: null, perturbed: true, step: 0, key: [0, 0] } as const;
  let first: Map<string, Float32Array>;
  let trainer: Trainer;
  beforeAll(async () => {
    first = await goldenTensors('bert', 'model.safetensors');
    trainer = await Trainer.create({
      device: new CpuDevice(2),
      classifier,
      vocabulary: classifier.vocabulary,
      loss: 'binaryCrossEntropy',
      dropout: true,
      draws: oneDraw,
      perturbation,
      mostTokens: 100,
      optimizer: { weightDecay: 0.01, maxGradNorm: 1 },
    });
    await writeWeights(trainer, first);
  });
  afterAll(() => trainer.close());

  it('tells the loss of the weights as they are', async () => {
    const { loss } = await trainer.stepOver([batch], { ...settings, learningRate: 0 });
    expect(Math.abs(loss - ragged!.float64.loss)).toBeLessThan(2e-6);
  });

  it('moves no bit of a weight at a rate of 0', async () => {
    await trainer.stepOver([batch], { ...settings, learningRate: 0 });
    expect(await weightsOf(trainer)).toEqual(first);
  });

  it.each([1, 2])('moves none where it is stopped after run %i', async (run) => {
    const stop = new AbortController();
    let runs = 0;
    stop.signal.throwIfAborted = () => {
      if (++runs === run) throw new Error('stopped');
    };
    const step = trainer.stepOver([batch], { ...settings, learningRate: 1 }, stop.signal);
    await expect(step).rejects.toThrow('stopped');
    expect(await weightsOf(trainer)).toEqual(first);
  });

  it('is a plain one where it is told so', async () => {
    const { gradientNorm } = await trainer.stepOver([batch], { ...settings, learningRate: 0 });
    const plain = await trainer.stepOver([batch], { ...settings, perturbed: false, learningRate: 0 });
    expect(plain.loss).toBeCloseTo(ragged!.float64.loss, 5);
    expect(plain.gradientNorm).not.toBe(gradientNorm);
  });
});

it('the memory of a training counts the copies', () => {
  const classifier = goldenClassifier('bert');
  const of = (perturbation?: PerturbationSettings): Map<string, number> => {
    const arrays = perturbation === undefined ? {} : { perturbation };
    const { parameters } = memoryNeeds(classifier, classifier.vocabulary, arrays)({ texts: 1, length: 1 });
    return new Map(parameters.map(({ name, bytes }) => [name, bytes]));
  };
  const [plain, words, matrices] = [of(), of(fgm), of(awp)];
  for (const { name, shape } of parametersOf(classifier)) {
    const copy = 4 * shape.reduce((a, b) => a * b, 1);
    const isWords = name === classifier.wordEmbedding;
    expect(words.get(name)! - plain.get(name)!, name).toBe(isWords ? copy : 0);
    expect(matrices.get(name)! - plain.get(name)!, name).toBe(shape.length > 1 ? copy : 0);
  }
});
