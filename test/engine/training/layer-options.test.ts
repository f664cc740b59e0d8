import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openSafetensors } from '../../../engine/checkpoint/safetensors.js';
import { trainFold } from '../../../engine/training/fold.js';
import type { FoldJob, FoldOutcome } from '../../../engine/training/job.js';
import type { TrainingOptions } from '../../../pipeline/training.js';
import { bits, folder, interrupted, job, never, useSmallFolds } from './small-fold.js';

useSmallFolds();

/** What a fold of a checkpoint with two layers is trained by. */
const checkpoint = join(folder, 'checkpoint');

const from = (changes: Partial<FoldJob>, training: Partial<TrainingOptions>): FoldJob =>
  job('bert', { seed: 7, model: { checkpoint, maxLength: 32 }, ...changes }, { epochs: 2, ...training });

const train = (training: Partial<TrainingOptions>): Promise<FoldOutcome> =>
  trainFold(from({}, training), () => undefined, never);

async function weightsOf(path: string): Promise<Map<string, Float32Array>> {
  const reader = await openSafetensors(path);
  const weights = new Map<string, Float32Array>();
  for (const name of reader.names()) weights.set(name, await reader.read(name));
  await reader.close();
  return weights;
}

let start: Map<string, Float32Array>;
beforeAll(async () => {
  const { model } = await trainFold(job('bert', {}, { epochs: 1 }), () => undefined, never);
  mkdirSync(checkpoint);
  for (const name of ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'])
    copyFileSync(model[name]!, join(checkpoint, name));
  start = await weightsOf(join(checkpoint, 'model.safetensors'));
});

/** The names of the parameters that are as the checkpoint has them. */
async function unchanged({ model }: FoldOutcome): Promise<string[]> {
  const ends = await weightsOf(model['model.safetensors']!);
  return [...start.keys()].filter((name) =>
    Buffer.from(ends.get(name)!.buffer).equals(Buffer.from(start.get(name)!.buffer)),
  );
}

const matching = (pattern: RegExp): string[] => [...start.keys()].filter((name) => pattern.test(name));

describe('frozen layers', () => {
  it.each([
    [0, /\.embeddings\./],
    [1, /\.embeddings\.|\.layer\.0\./],
    [2, /\.embeddings\.|\.layer\./],
  ])(
    '%i of them, and the embeddings, keep their weights; all others change',
    async (freezeLayers, pattern) => {
      expect(await unchanged(await train({ freezeLayers }))).toEqual(matching(pattern));
    },
  );

  it('are none unless asked for', async () => {
    expect(await unchanged(await train({}))).toEqual([]);
  });

  it.each([{ freezeLayers: 1 }, { freezeLayers: 0, ema: 0.8, accumulate: 2, layerDecay: 0.5 }])(
    'of %o end with the same bits where the fold is stopped and resumed',
    async (training) => {
      const whole = await train(training);
      const { outcome } = await interrupted((changes) => from(changes, training), [5]);
      expect(outcome.epochs).toEqual(whole.epochs);
      expect(bits(outcome)).toEqual(bits(whole));
    },
  );
});

describe('top layers with new weights', () => {
  // A rate that moves no weight shows what the training began with.
  const still = { learningRate: 1e-30, epochs: 1 };

  it('begin as in a model without a checkpoint, with the head above them; the others with the checkpoint', async () => {
    const outcome = await train({ ...still, reinitLayers: 1 });
    const top = /\.layer\.1\.|\.pooler\.|^classifier\./;
    // Biases at zero and scales at one are new, too, and have changed in the checkpoint.
    expect(await unchanged(outcome)).toEqual([...start.keys()].filter((name) => !top.test(name)));
    const ends = await weightsOf(outcome.model['model.safetensors']!);
    for (const name of matching(top)) {
      const values = [...ends.get(name)!];
      if (name.endsWith('LayerNorm.weight')) expect(new Set(values)).toEqual(new Set([1]));
      else if (name.endsWith('bias')) expect(Math.max(...values.map(Math.abs))).toBeLessThan(1e-28);
      else {
        const deviation = Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);
        expect(deviation / 0.02, name).toBeGreaterThan(0.75);
        expect(deviation / 0.02, name).toBeLessThan(1.25);
      }
    }
  });

  it('are none unless asked for', async () => {
    expect(await unchanged(await train(still))).toEqual([...start.keys()]);
  });

  it('end with the same bits where the fold is stopped and resumed', async () => {
    const whole = await train({ reinitLayers: 1 });
    const { outcome } = await interrupted((changes) => from(changes, { reinitLayers: 1 }), [5]);
    expect(bits(outcome)).toEqual(bits(whole));
    expect(bits(whole)).not.toEqual(bits(await train({})));
  });
});

describe('more layers than the model has', () => {
  it.each([
    [{ freezeLayers: 3 }, 'at most 2, the layers of the model'],
    [{ reinitLayers: 2 }, 'fewer than 2, the layers of the model'],
    [{ freezeLayers: 2, reinitLayers: 1 }, 'at most 1: the 1 layers above begin with random weights'],
  ])('are refused: %o', async (training, reason) => {
    await expect(train(training)).rejects.toThrow(reason);
  });
});
