import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openSafetensors } from '../../../engine/checkpoint/safetensors.js';
import { trainFold } from '../../../engine/training/fold.js';
import type { FoldJob, FoldOutcome } from '../../../engine/training/job.js';
import { predictTexts } from '../../../engine/inference/predict.js';
import type { TrainingOptions } from '../../../pipeline/training.js';
import { bits, folder, interrupted, job, never, texts, useSmallFolds } from './small-fold.js';

useSmallFolds();

type Type = Parameters<typeof job>[0];

const checkpointOf = (type: Type, dropout: 'everywhere' | 'above'): string =>
  join(folder, `${type}-${dropout}`);

/** Of a checkpoint with two layers. */
const from = (
  changes: Partial<FoldJob>,
  training: Partial<TrainingOptions>,
  checkpoint = checkpointOf('bert', 'everywhere'),
): FoldJob =>
  job(
    'bert',
    { seed: 7, model: { checkpoint, maxLength: 32 }, ...changes },
    { epochs: 2, freezeLayers: 1, ...training },
  );

/** Of the tensors of a file. */
async function shapesIn(path: string): Promise<Record<string, readonly number[]>> {
  const file = await openSafetensors(path);
  const shapes = Object.fromEntries(file.names().map((name) => [name, file.shape(name)]));
  await file.close();
  return shapes;
}

const train = (training: Partial<TrainingOptions>, checkpoint?: string): Promise<FoldOutcome> =>
  trainFold(from({}, training, checkpoint), () => undefined, never);

async function weightsOf({ model }: Pick<FoldOutcome, 'model'>): Promise<Map<string, Float32Array>> {
  const reader = await openSafetensors(model['model.safetensors']!);
  const weights = new Map<string, Float32Array>();
  for (const name of reader.names()) weights.set(name, await reader.read(name));
  await reader.close();
  return weights;
}

const floatsOf = (path: string): Float32Array => new Float32Array(new Uint8Array(readFileSync(path)).buffer);

beforeAll(async () => {
  for (const type of ['bert', 'deberta-v2'] as const) {
    const { model } = await trainFold(job(type, {}, { epochs: 1 }), () => undefined, never);
    for (const dropout of ['everywhere', 'above'] as const) {
      const checkpoint = checkpointOf(type, dropout);
      mkdirSync(checkpoint);
      for (const name of ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'])
        copyFileSync(model[name]!, join(checkpoint, name));
    }
    const path = join(checkpointOf(type, 'above'), 'config.json');
    const config = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    // What is dropped before the last layer lies above any cut.
    const none = { hidden_dropout_prob: 0, attention_probs_dropout_prob: 0 };
    writeFileSync(path, JSON.stringify({ ...config, ...none, classifier_dropout: 0.3, cls_dropout: 0.3 }));
  }
});

describe.each(['bert', 'deberta-v2'] as const)(
  'a fold of %s with its frozen layers computed once',
  (type) => {
    const checkpoint = checkpointOf(type, 'above');

    it.each([0, 1, 2])(
      'has the bits of one that drops nothing there and computes them anew, text by text: %i layers',
      async (freezeLayers) => {
        // Of more texts at once the last bits depend on how far they are padded.
        const plain = { freezeLayers, batchSize: 1, learningRate: 2e-3, bestBy: 'last' } as const;
        const anew = await train(plain, checkpoint);
        const once = await train({ ...plain, cacheFrozen: true }, checkpoint);
        expect(bits(once)['model.safetensors']).toBe(bits(anew)['model.safetensors']);
        expect(once.epochs.map(({ trainLoss }) => trainLoss)).toEqual(
          anew.epochs.map(({ trainLoss }) => trainLoss),
        );
      },
    );

    it('is the same but for rounding where several texts pass at once', async () => {
      const plain = { learningRate: 2e-3, rDrop: 1 };
      const anew = await train(plain, checkpoint);
      const once = await train({ ...plain, cacheFrozen: true }, checkpoint);
      const found = floatsOf(once.probabilities);
      floatsOf(anew.probabilities).forEach((p, i) => expect(Math.abs(found[i]! - p)).toBeLessThan(1e-4));
      once.epochs.forEach(({ trainLoss }, i) =>
        expect(Math.abs(trainLoss - anew.epochs[i]!.trainLoss)).toBeLessThan(1e-4),
      );
    });
  },
);

describe('frozen layers that are computed once', () => {
  it('keep their weights; all above change', async () => {
    const reader = await openSafetensors(join(checkpointOf('bert', 'everywhere'), 'model.safetensors'));
    const ends = await weightsOf(await train({ cacheFrozen: true }));
    for (const name of reader.names()) {
      const isFrozen = /\.embeddings\.|\.layer\.0\./.test(name);
      const start = await reader.read(name);
      expect(Buffer.from(ends.get(name)!.buffer).equals(Buffer.from(start.buffer)), name).toBe(isFrozen);
    }
    await reader.close();
  });

  it.each([
    {},
    { freezeLayers: 0, ema: 0.8, accumulate: 2, evaluations: 2, microBatch: 3 },
    { rDrop: 1, dropoutSamples: 2, awp: { rate: 0.01, epsilon: 0.1, from: 1 }, gradientCheckpointing: true },
    { lora: { rank: 4, alpha: 8, dropout: 0.2, targets: 'all' }, layerDecay: 0.5 },
    { freezeLayers: 2, swa: 1 },
  ] as const)('beside %o give the same bits where the fold is stopped and resumed', async (settings) => {
    const training = { ...settings, cacheFrozen: true };
    const whole = await train(training);
    const { outcome } = await interrupted((changes) => from(changes, training), [3, 6]);
    expect(outcome.epochs).toEqual(whole.epochs);
    expect(bits(outcome)).toEqual(bits(whole));
  });

  it('do so with texts in windows, too', async () => {
    const model = {
      checkpoint: checkpointOf('bert', 'everywhere'),
      maxLength: 8,
      windows: { overlap: 2, most: 4 },
    };
    const windowedJob = (changes: Partial<FoldJob>): FoldJob =>
      from({ ...changes, model }, { cacheFrozen: true });
    const whole = await trainFold(windowedJob({}), () => undefined, never);
    const { outcome } = await interrupted(windowedJob, [5]);
    expect(bits(outcome)).toEqual(bits(whole));
  });

  it('leave dropout above as it is, and none of their own: another result than without', async () => {
    expect(bits(await train({ cacheFrozen: true }))).not.toEqual(bits(await train({})));
  });

  it('are part of no checkpoint, and nothing of them stays in the work directory', async () => {
    const jobs: FoldJob[] = [];
    const { resume } = await interrupted(
      (changes) => {
        const made = from(changes, { cacheFrozen: true });
        jobs.push(made);
        return made;
      },
      [3],
    );
    const { resume: plain } = await interrupted((changes) => from(changes, {}), [3]);
    const [cached, whole] = await Promise.all([resume, plain].map(([first]) => shapesIn(first!.state.path)));
    expect(cached).toEqual(whole);
    for (const { workDirectory } of jobs)
      expect(readdirSync(workDirectory, { recursive: true }).join()).not.toContain('activations');
  });

  it('score the held-out rows as the exported model does, but for rounding', async () => {
    const { model, rows, probabilities } = await train({ cacheFrozen: true });
    const exported = join(folder, 'exported');
    for (const [file, path] of Object.entries(model)) {
      mkdirSync(join(exported, file, '..'), { recursive: true });
      copyFileSync(path, join(exported, file));
    }
    const held = rows.map((row) => texts[row]!);
    const scored = await predictTexts(exported, held, { maxLength: 32, threads: 1 });
    const judged = floatsOf(probabilities);
    expect(scored).toHaveLength(judged.length);
    scored.forEach((p, i) => expect(Math.abs(p - judged[i]!)).toBeLessThan(1e-6));
  });
});
