import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { EnvironmentFault } from '../../../errors/fault.js';
import type { Classifier } from '../../../engine/models/family.js';
import { CpuDevice } from '../../../engine/device/cpu/device.js';
import type { Device } from '../../../engine/device/device.js';
import { shapesOfTraining } from '../../../engine/inference/batch-shapes.js';
import { ClassifierRun } from '../../../engine/inference/classifier-run.js';
import { Depths } from '../../../engine/nn/depths.js';
import { cutAbove, FrozenActivations } from '../../../engine/training/frozen-activations.js';
import { trainingGraph } from '../../../engine/training/graphs.js';
import { parametersOf } from '../../../engine/inference/parameters.js';
import { Trainer } from '../../../engine/training/trainer.js';
import { goldenBatches, goldenClassifier, goldenModels, goldenTensors } from '../models/golden-model.js';
import { fed, weightsOf, writeWeights } from '../device/weights.js';
import type { Value } from '../../../engine/runtime/runtime.js';
import { packingAs } from '../../setup/packing-as.js';

const folder = mkdtempSync(join(tmpdir(), 'foldwise-activations-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const processor = new CpuDevice(1);
const optimizer = { weightDecay: 0.01, maxGradNorm: 1 };

let number = 0;

/** One model with the weights of its golden, cut above its frozen layers or not. */
async function opened(model: string, freezeLayers: number, isCut: boolean, device: Device = processor) {
  const whole = goldenClassifier(model);
  const classifier = isCut ? cutAbove(whole, freezeLayers) : whole;
  const shared = { device, classifier, vocabulary: whole.vocabulary };
  const first = await goldenTensors(model, 'model.safetensors');
  const path = join(folder, `${number++}.f32`);
  const weights = fed(device, classifier, (name) => first.get(name)!);
  const shapes = shapesOfTraining(device, classifier);
  const filled = shapes === null ? {} : { shapes };
  const options = { ...shared, ...filled, path, texts: [], weights };
  const frozen = isCut ? await FrozenActivations.open(options) : null;
  const besides = frozen === null ? {} : { frozen };
  const trainer = await Trainer.create({
    ...shared,
    ...besides,
    optimizer,
    layers: { layerDecay: 1, freezeLayers },
    loss: 'binaryCrossEntropy',
    dropout: false,
    mostTokens: 600,
  });
  await writeWeights(trainer, first);
  const judged = (name: string): Promise<Value> => trainer.state.tensor(trainer.judged(name), name);
  const evaluation = new ClassifierRun({ ...shared, ...besides, ...filled, weights: judged });
  return {
    trainer,
    evaluation,
    path,
    close: async () => {
      evaluation.release();
      await frozen?.close();
      await trainer.close();
    },
  };
}

const layersOf = (classifier: Classifier): number => new Depths(parametersOf(classifier)).layers;

/** Texts pass in other company; float32 rounding over a few layers and three steps. */
const [LOSS, NORM, WEIGHTS] = [2e-6, 2e-5, 2e-4];

describe.each(goldenModels)('%s, what lies below its frozen layers computed once', (model) => {
  const layers = layersOf(goldenClassifier(model));
  const { tokens, labels } = Object.values(goldenBatches(model))[0]!;
  const texts = tokens.map((ids) => Int32Array.from(ids));

  it.each(Array.from({ length: layers + 1 }, (_, n) => n))('trains as before: %i frozen', async (n) => {
    const [plain, cut] = [await opened(model, n, false), await opened(model, n, true)];
    expect(cut.trainer.trained.map(({ name }) => name)).toEqual(
      plain.trainer.trained.map(({ name }) => name),
    );
    // One text passes below the cut as it does in the whole: it has the same bits, when first computed and when read.
    for (const step of [0, 1]) {
      const one = [texts.slice(0, 1), labels.slice(0, 1), 1e-3, step, [0, 0]] as const;
      expect(await cut.trainer.step(...one)).toEqual(await plain.trainer.step(...one));
    }
    expect(await cut.evaluation.logits(texts.slice(0, 1))).toEqual(
      await plain.evaluation.logits(texts.slice(0, 1)),
    );
    expect(await weightsOf(cut.trainer)).toEqual(await weightsOf(plain.trainer));

    const batch = [texts, labels, 1e-3, 2, [0, 0]] as const;
    const [expected, found] = [await plain.trainer.step(...batch), await cut.trainer.step(...batch)];
    expect(Math.abs(found.loss - expected.loss)).toBeLessThan(LOSS);
    const [scores, cutScores] = [await plain.evaluation.logits(texts), await cut.evaluation.logits(texts)];
    scores.forEach((score, i) => expect(Math.abs(cutScores[i]! - score)).toBeLessThan(WEIGHTS));
    expect(existsSync(cut.path)).toBe(true);
    await Promise.all([plain.close(), cut.close()]);
    expect(existsSync(cut.path)).toBe(false);
  });

  it('trains as before in batches that are filled up', async () => {
    const n = Math.ceil(layers / 2);
    const filling = packingAs(processor, { alikeRuns: true });
    const [plain, cut] = [await opened(model, n, true), await opened(model, n, true, filling)];
    for (const step of [0, 1]) {
      const batch = [texts, labels, 1e-3, step, [0, 0]] as const;
      const [expected, found] = [await plain.trainer.step(...batch), await cut.trainer.step(...batch)];
      expect(Math.abs(found.loss - expected.loss)).toBeLessThan(LOSS);
      expect(Math.abs(found.gradientNorm / expected.gradientNorm - 1)).toBeLessThan(NORM);
    }
    const [scores, found] = [await plain.evaluation.logits(texts), await cut.evaluation.logits(texts)];
    scores.forEach((score, i) => expect(Math.abs(found[i]! - score)).toBeLessThan(WEIGHTS));
    await Promise.all([plain.close(), cut.close()]);
  });
});

describe('a model that is cut', () => {
  const whole = goldenClassifier('bert');
  const options = { groups: 1, vocabulary: 10, loss: 'binaryCrossEntropy', dropout: true } as const;

  it('draws dropout above the cut alone', () => {
    const sites = trainingGraph(whole, options).dropoutSites.map(({ name }) => name);
    const above = (n: number): string[] =>
      trainingGraph(cutAbove(whole, n), options).dropoutSites.map(({ name }) => name);
    const inLayer = (name: string): number => Number(/:layer\.(\d+)\./.exec(name)?.[1] ?? Infinity);
    const belowLayers = (name: string): boolean => name.includes(':embeddings.');
    for (let n = 0; n <= layersOf(whole); n++)
      expect(above(n)).toEqual(sites.filter((name) => !belowLayers(name) && inLayer(name) >= n));
  });

  it('computes nothing of what lies below', () => {
    const sizes = { tokens: 40, texts: 4, slots: 40, 'slots.0': 40, 'headBatch.0': 8, 'length.0': 10 };
    const all = { ...sizes, 'batch.0': 4 };
    const frozen = trainingGraph(whole, {
      ...options,
      layers: { layerDecay: 1, freezeLayers: 1 },
    }).operations(all);
    const operations = [0, 1].map((n) => trainingGraph(cutAbove(whole, n), options).operations(all));
    expect(operations[1]).toBeLessThan(frozen);
    expect(operations[1]).toBeLessThan(operations[0]!);
  });

  it('is refused before anything is computed where the disk has no room', async () => {
    const path = join(folder, 'none', 'activations.f32');
    mkdirSync(join(folder, 'none'));
    const opening = FrozenActivations.open({
      device: processor,
      classifier: cutAbove({ ...whole, hiddenSize: 1e17 }, 1),
      vocabulary: 10,
      weights: { data: () => new Uint8Array(0) },
      path,
      texts: [Int32Array.of(1, 2, 3)],
    });
    await expect(opening).rejects.toThrow(EnvironmentFault);
    await expect(opening).rejects.toThrow(/training\.cacheFrozen.*free; expected .*--workdir/s);
    expect(existsSync(path)).toBe(false);
  });
});
