import { describe, expect, it } from 'vitest';
import { oneDraw, type DrawSettings } from '../../../engine/losses/settings.js';
import { CpuDevice } from '../../../engine/device/cpu/device.js';
import { modelBytes } from '../../../engine/device/program.js';
import { checkDraws } from '../../../engine/training/draw-check.js';
import { trainingGraph, type TrainingGraph } from '../../../engine/training/graphs.js';
import { memoryNeeds } from '../../../engine/training/memory-need.js';
import { windowed } from '../../../engine/inference/reading.js';
import { Trainer } from '../../../engine/training/trainer.js';
import { goldenBatches, goldenClassifier, goldenModels, goldenTensors } from '../models/golden-model.js';
import { writeWeights } from '../device/weights.js';

/** Dropout before the last layer, as each family names it. */
const dropped = Object.fromEntries(
  ['classifier_dropout', 'classifier_dropout_prob', 'cls_dropout', 'seq_classif_dropout'].map((name) => [
    name,
    0.3,
  ]),
);
/** MPNet's is that of all its layers. */
const everywhere = { hidden_dropout_prob: 0.1 };

const graphOf = (model: string, draws: Partial<DrawSettings>): TrainingGraph =>
  trainingGraph(goldenClassifier(model, { ...dropped, ...everywhere }), {
    groups: 1,
    vocabulary: 10,
    loss: 'binaryCrossEntropy',
    dropout: true,
    draws: { ...oneDraw, ...draws },
  });

describe.each(goldenModels)('%s', (model) => {
  it('draws anew before its last layer for each sample, and nowhere else', () => {
    const names = ({ dropoutSites }: TrainingGraph): string[] => dropoutSites.map(({ name }) => name);
    const once = names(graphOf(model, {}));
    const last = once[once.length - 1]!;
    expect(last).toBe('dropout:head.classifier.0');
    expect(names(graphOf(model, { dropoutSamples: 3 }))).toEqual([
      ...once,
      'dropout:head.classifier.1',
      'dropout:head.classifier.2',
    ]);
  });

  it('has the same parameters, tables and dropout where each text passes twice', () => {
    const [once, twice] = [graphOf(model, {}), graphOf(model, { rDrop: 1 })];
    expect(twice.parameters.map(({ name }) => name)).toEqual(once.parameters.map(({ name }) => name));
    expect(twice.tables).toEqual(once.tables);
    expect(twice.dropoutSites).toEqual(once.dropoutSites);
  });
});

it('one draw of each is the graph that it was before there was a choice', () => {
  const classifier = goldenClassifier('bert', dropped);
  const options = { groups: 1, vocabulary: 10, loss: 'binaryCrossEntropy', dropout: true } as const;
  expect(modelBytes(trainingGraph(classifier, { ...options, draws: oneDraw }))).toEqual(
    modelBytes(trainingGraph(classifier, options)),
  );
});

describe('two passes of texts in windows', () => {
  const classifier = goldenClassifier('bert', { ...dropped, ...everywhere });
  const { ragged } = goldenBatches('bert');
  const batch = { texts: ragged!.tokens.map((ids) => Int32Array.from(ids)), targets: ragged!.labels };

  async function lossOf(length: number | null, rDrop: number): Promise<number> {
    const windows = length === null ? null : { length, overlap: 2 };
    const trainer = await Trainer.create({
      device: new CpuDevice(1),
      classifier: windowed(classifier, windows),
      vocabulary: classifier.vocabulary,
      loss: 'binaryCrossEntropy',
      dropout: true,
      draws: { dropoutSamples: 2, rDrop },
      mostTokens: 200,
      optimizer: { weightDecay: 0, maxGradNorm: 1 },
    });
    await writeWeights(trainer, await goldenTensors('bert', 'model.safetensors'));
    const { loss } = await trainer.step(batch.texts, batch.targets, 0, 0, [1, 2]);
    await trainer.close();
    return loss;
  }

  it('are those of whole texts where a text is one window', async () => {
    expect(await lossOf(20, 1)).toBeCloseTo(await lossOf(null, 1), 6);
  });

  it('differ in their answers where it is several', async () => {
    expect(await lossOf(8, 4)).toBeGreaterThan(await lossOf(8, 2));
  });
});

describe('draws that would all be alike are refused:', () => {
  it.each([
    [
      'of the last dropout, where there is none',
      { ...everywhere },
      { dropoutSamples: 2 },
      'training.dropoutSamples',
    ],
    ['of both passes, where there is none at all', { classifier_dropout: 0 }, { rDrop: 1 }, 'training.rDrop'],
  ])('%s', (_, config, draws, where) => {
    const classifier = goldenClassifier('bert', { classifier_dropout: 0, ...config });
    expect(() => checkDraws(classifier, { ...oneDraw, ...draws })).toThrow(where);
    expect(() => checkDraws(classifier, oneDraw)).not.toThrow();
  });

  it('but not those that differ', () => {
    const classifier = goldenClassifier('bert', dropped);
    expect(() => checkDraws(classifier, { dropoutSamples: 5, rDrop: 1 })).not.toThrow();
  });
});

describe('the memory of a step', () => {
  const classifier = goldenClassifier('bert', dropped);
  const needOf = (draws: Partial<DrawSettings>, texts: number) =>
    memoryNeeds(classifier, 10, { draws: { ...oneDraw, ...draws } })({ texts, length: 8 });

  it('is that of twice the texts where each passes twice', () => {
    expect(needOf({ rDrop: 1 }, 4)).toEqual(needOf({}, 8));
  });

  it('has a mask more for each further draw', () => {
    const masks = (draws: Partial<DrawSettings>): number[] =>
      needOf(draws, 4).masks.map(({ bytes }) => bytes);
    const [last] = masks({}).slice(-1);
    expect(masks({ dropoutSamples: 3 })).toEqual([...masks({}), last, last]);
  });
});
