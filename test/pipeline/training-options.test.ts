import { describe, expect, it } from 'vitest';
import { parsePipeline } from '../../pipeline/load.js';
import { PipelineFault } from '../../pipeline/problem.js';
import { minimal, parse } from './minimal.js';

/** What is refused of a pipeline with these settings below `training`. */
function refused(
  training: string,
  task = 'multi-label',
  model = '{ checkpoint: owner/model }',
): readonly string[] {
  const labels = task === 'single-label' ? minimal.replace('[joy]', '[joy, fear]') : minimal;
  try {
    const text = labels.replace('{ checkpoint: owner/model }', model);
    parsePipeline(`${text}task: ${task}\ntraining: ${training}\n`, { file: 'p.yaml' });
    return [];
  } catch (error) {
    if (error instanceof PipelineFault)
      return error.problems.map(({ path, expected }) => `${path.join('.')}: ${expected}`);
    throw error;
  }
}

describe('options that cannot work together are refused with the reason', () => {
  it.each([
    [
      '{ bestBy: last, patience: 2 }',
      'training.patience: null with bestBy: last, by which each epoch is better than the one before',
    ],
    [
      '{ evaluations: 2, bestBy: last }',
      'training.evaluations: 1 with bestBy: last, by which the end of the last epoch is kept',
    ],
    [
      '{ evaluations: 2, swa: 2 }',
      "training.evaluations: 1 beside swa, whose average is that of epochs' ends",
    ],
    ['{ ema: 0.99, swa: 2 }', 'training.ema: null beside swa: the weights are averaged in one way'],
    ['{ fgm: 1, awp: {} }', 'training.awp: null beside fgm: weights are perturbed in one way'],
    ['{ awp: { from: 5 } }', 'training.awp: null, or `from` an epoch that is trained'],
    ['{ awp: {}, epochs: 1 }', 'training.awp: null, or `from` an epoch that is trained'],
    [
      '{ fgm: 1, freezeLayers: 0 }',
      'training.fgm: 0 beside freezeLayers, which keeps the embeddings that it would move',
    ],
    [
      '{ cacheFrozen: true }',
      'training.cacheFrozen: false without freezeLayers: nothing stays the same of a text',
    ],
    ['{ swa: 4 }', 'training.swa: an epoch before the last: it takes two to average'],
    ['{ schedulePower: 2 }', 'training.schedulePower: 1, or schedule: polynomial, whose exponent it is'],
    [
      '{ schedule: polynomial, learningRate: 1.0e-8 }',
      'training.learningRate: more than 1e-7, where the polynomial schedule ends',
    ],
  ])('%s', (training, reason) => {
    expect(refused(training)).toEqual([reason]);
    expect(refused(training, 'single-label')).toEqual([reason]);
  });

  it.each([
    [
      '{ asymmetric: {}, focalGamma: 2 }',
      'training.focalGamma: 0 beside asymmetric, which weighs positives and negatives itself',
    ],
    [
      '{ asymmetric: {}, labelSmoothing: 0.1 }',
      'training.labelSmoothing: 0 beside asymmetric, which weighs positives and negatives itself',
    ],
    [
      '{ asymmetric: {}, classWeights: balanced }',
      'training.classWeights: null beside asymmetric, which weighs positives and negatives itself',
    ],
    [
      '{ lora: {}, reinitLayers: 1 }',
      'training.lora: null beside reinitLayers: the new weights of a layer must be trained themselves',
    ],
    ['{ lora: {}, fgm: 0.5 }', 'training.fgm: 0 beside lora, which keeps the embeddings that it would move'],
    ['{ lora: { r: 8 } }', 'training.lora.r: one of rank, alpha, dropout, targets'],
    ['{ lora: { targets: query } }', 'training.lora.targets: one of attention, all'],
    ['{ classWeights: { anger: 2 } }', 'training.classWeights.anger: one of the labels of the pipeline'],
    ['{ classWeights: { joy: 0 } }', 'training.classWeights.joy: more than 0'],
    ['{ classWeights: even }', 'training.classWeights: `balanced`, or a map from labels to weights above 0'],
  ])('%s', (training, reason) => {
    expect(refused(training)).toEqual([reason]);
  });

  it.each([
    [
      '{ freezeLayers: 0 }',
      'training.freezeLayers: null with model.scratch: its weights are random, and would stay so',
    ],
    ['{ reinitLayers: 1 }', 'training.reinitLayers: 0 with model.scratch, whose weights are all new'],
    [
      '{ lora: {} }',
      'training.lora: null with model.scratch: its random weights would stay as they are below the adapters',
    ],
  ])('%s of a model from scratch', (training, reason) => {
    const scratch =
      '{ scratch: { type: bert, hiddenSize: 8, layers: 2, heads: 2, intermediateSize: 8, vocabulary: 50 } }';
    expect(refused(training, 'multi-label', scratch)).toEqual([reason]);
    expect(refused(training)).toEqual([]);
  });

  it.each([
    [
      '{ classWeights: [1, 2] }',
      'training.classWeights: `balanced`, or a map from labels to weights above 0',
    ],
    ['{ awp: 1 }', 'training.awp: a map'],
    ['{ awp: { rat: 2 } }', 'training.awp.rat: one of rate, epsilon, from'],
    ['{ asymmetric: { gama: 2 } }', 'training.asymmetric.gama: one of gammaNegative, gammaPositive, margin'],
  ])('%s, as it has the wrong form', (training, reason) => {
    expect(refused(training)).toEqual([reason]);
  });

  it('asymmetric loss of single-label pipelines', () => {
    expect(refused('{ asymmetric: {} }', 'single-label').join()).toMatch(
      /^training.asymmetric: null with task/,
    );
    expect(refused('{ asymmetric: {} }')).toEqual([]);
  });
});

describe('rows to predict that are trained on', () => {
  it('must be there, and no epoch may be chosen by held-out rows', () => {
    expect(() =>
      parse(`${minimal.replace(', test: b.csv', '')}training: { pseudo: {}, bestBy: last }`),
    ).toThrow(/training\.pseudo: .*expected null without data\.test, whose rows it would train on/);
    expect(refused('{ pseudo: {} }').join()).toMatch(/^training.bestBy: last beside pseudo/);
    expect(refused('{ pseudo: { confidence: 0.5 }, bestBy: last }').join()).toMatch(/pseudo.confidence/);
    expect(refused('{ pseudo: {}, bestBy: last }')).toEqual([]);
    expect(refused('{ pseudo: { confidence: 0.99 }, bestBy: last }')).toEqual([]);
  });
});

describe('options that work are taken', () => {
  it.each([
    '{ patience: 2 }',
    '{ patience: null, bestBy: last }',
    '{ layerDecay: 0.8 }',
    '{ lora: {} }',
    '{ lora: { rank: 16, targets: all }, freezeLayers: 2 }',
    '{ labelSmoothing: 0.1, classWeights: { joy: 2 }, focalGamma: 1 }',
    '{ classWeights: balanced }',
    '{ dropoutSamples: 5 }',
    '{ rDrop: 1, dropoutSamples: 5, focalGamma: 2, accumulate: 2 }',
    '{ fgm: 0.5, accumulate: 2, ema: 0.99, layerDecay: 0.9 }',
    '{ awp: {}, freezeLayers: 1 }',
    '{ cacheFrozen: true, freezeLayers: 0 }',
    '{ cacheFrozen: true, freezeLayers: 6, rDrop: 1, awp: {}, lora: {}, ema: 0.99 }',
    '{ cacheFrozen: false }',
    '{ awp: { rate: 1, epsilon: 0.01, from: 4 } }',
    '{ gradientCheckpointing: true, freezeLayers: 1, rDrop: 1, awp: {} }',
    '{ accumulate: 4 }',
    '{ ema: 0.99, evaluations: 4 }',
    '{ ema: 0.99 }',
    '{ swa: 3 }',
    '{ schedule: cosine }',
    '{ schedule: constant, warmupRatio: 0 }',
    '{ schedule: polynomial, schedulePower: 2 }',
  ])('%s', (training) => {
    expect(refused(training)).toEqual([]);
    expect(refused(training, 'single-label')).toEqual([]);
  });
});
