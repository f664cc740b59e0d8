import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openSafetensors } from '../../../engine/checkpoint/safetensors.js';
import { trainFold } from '../../../engine/training/fold.js';
import type { FoldJob, FoldOutcome } from '../../../engine/training/job.js';
import { predictTexts } from '../../../engine/inference/predict.js';
import type { TrainingOptions } from '../../../pipeline/training.js';
import { bits, folder, interrupted, job, never, texts, useSmallFolds } from './small-fold.js';

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

describe('low-rank adapters', () => {
  const lora = { rank: 4, alpha: 8, dropout: 0, targets: 'attention' } as const;
  const head = /\.pooler\.|^classifier\./;
  const changedBy = async (outcome: FoldOutcome): Promise<string[]> => {
    const kept = await unchanged(outcome);
    return [...start.keys()].filter((name) => !kept.includes(name));
  };

  it.each([
    [{ lora }, /\.attention\..*\.(?:query|key|value|dense)\.weight$/],
    [{ lora: { ...lora, targets: 'all' } }, /\.layer\..*\.(?:query|key|value|dense)\.weight$/],
    [{ lora, freezeLayers: 1 }, /\.layer\.1\.attention\..*\.(?:query|key|value|dense)\.weight$/],
  ] as const)('%o change the layers that have one, and the head; nothing else', async (training, pattern) => {
    const names = [...start.keys()].filter((name) => pattern.test(name) || head.test(name));
    expect(await changedBy(await train(training))).toEqual(names);
  });

  it('begin as the checkpoint alone: what they give at first is nothing', async () => {
    expect(await changedBy(await train({ lora, learningRate: 1e-30, epochs: 1 }))).toEqual([]);
  });

  it.each([
    { lora },
    { lora: { ...lora, dropout: 0.2, targets: 'all' } },
    { lora, rDrop: 1, dropoutSamples: 2, awp: { rate: 0.01, epsilon: 0.1, from: 1 } },
    { lora, ema: 0.8, accumulate: 2, layerDecay: 0.5, freezeLayers: 1 },
  ] as const)('of %o end with the same bits where the fold is stopped and resumed', async (training) => {
    const whole = await train(training);
    const { outcome } = await interrupted((changes) => from(changes, training), [5]);
    expect(outcome.epochs).toEqual(whole.epochs);
    expect(bits(outcome)).toEqual(bits(whole));
  });

  it('drop out what goes into them, where that is asked for', async () => {
    const dropped = await train({ lora: { ...lora, dropout: 0.5 } });
    expect(bits(dropped)).not.toEqual(bits(await train({ lora })));
  });

  it('are what a checkpoint of the training holds, with the head: nothing of the frozen weights', async () => {
    const { resume } = await interrupted((changes) => from(changes, { lora }), [3]);
    const names = [...(await weightsOf(resume[0]!.state.path)).keys()];
    const parameters = new Set(names.map((name) => name.replace(/^[^/]*\//, '')));
    const adapter = /\.attention\..*\.lora_[AB]\.weight$/;
    expect([...parameters].filter((name) => !adapter.test(name)).sort()).toEqual(matching(head).sort());
    expect([...parameters].filter((name) => adapter.test(name))).toHaveLength(2 * 2 * 4);
    expect(names).toHaveLength(3 * parameters.size);
  });

  it('score the held-out rows as the exported model does, but for rounding', async () => {
    const { model, rows, probabilities } = await train({ lora });
    const exported = join(folder, 'merged');
    for (const [file, path] of Object.entries(model)) {
      mkdirSync(join(exported, file, '..'), { recursive: true });
      copyFileSync(path, join(exported, file));
    }
    const held = rows.map((row) => texts[row]!);
    const scored = await predictTexts(exported, held, { maxLength: 32, threads: 1 });
    const judged = new Float32Array(new Uint8Array(readFileSync(probabilities)).buffer);
    expect(scored).toHaveLength(judged.length);
    scored.forEach((p, i) => expect(Math.abs(p - judged[i]!)).toBeLessThan(1e-6));
  });
});

describe('more layers than the model has', () => {
  it.each([
    [{ freezeLayers: 3 }, 'at most 2, the layers of the model'],
    [{ reinitLayers: 2 }, 'fewer than 2, the layers of the model'],
    [
      { freezeLayers: 2, lora: { rank: 4, alpha: 8, dropout: 0, targets: 'all' } },
      'fewer than 2: no layer would get an adapter',
    ],
    [{ freezeLayers: 2, reinitLayers: 1 }, 'at most 1: the 1 layers above begin with random weights'],
  ] as const)('are refused: %o', async (training, reason) => {
    await expect(train(training)).rejects.toThrow(reason);
  });
});
