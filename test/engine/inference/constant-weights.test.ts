import { copyFileSync, mkdirSync, mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSafetensors, writeSafetensors } from '../../../engine/checkpoint/safetensors.js';
import { ofTokens } from '../../../engine/inference/batching.js';
import { ClassifierRun } from '../../../engine/inference/classifier-run.js';
import { constantWeights } from '../../../engine/inference/constant-weights.js';
import type { ForwardOptions } from '../../../engine/inference/forward-run.js';
import { parametersOf } from '../../../engine/inference/parameters.js';
import { windowed } from '../../../engine/inference/reading.js';
import { uniform } from '../../../engine/kernels/philox.js';
import type { Classifier } from '../../../engine/models/family.js';
import { CpuDevice } from '../../../engine/device/cpu/device.js';
import {
  goldenBatches,
  goldenClassifier,
  goldenModels,
  goldenPath,
  goldenTensors,
} from '../models/golden-model.js';
import { fed } from '../device/weights.js';

/** The same products in another order: rounding of float32 over a few layers. */
const PLAIN = 1e-6;

const weightsFile = 'model.safetensors';

async function constantsOf(classifier: Classifier, path: string) {
  const reader = await openSafetensors(path);
  const names = parametersOf(classifier).map(({ name }) => name);
  return constantWeights(reader, names).finally(() => reader.close());
}

const device = new CpuDevice(1);

async function logitsOf(
  classifier: Classifier,
  weights: ForwardOptions['weights'],
  texts: readonly Int32Array[],
  budget: number,
): Promise<Float32Array> {
  const { vocabulary } = classifier;
  const shared = { device, classifier, vocabulary };
  const batching = typeof weights === 'function' ? {} : { batching: ofTokens(budget) };
  const run = new ClassifierRun({ ...shared, weights, ...batching });
  try {
    const logits = await run.logits(texts);
    expect(await run.logits(texts), 'asked a second time').toEqual(logits);
    return logits;
  } finally {
    run.release();
  }
}

const largest = (a: Float32Array, b: Float32Array): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);

/** Texts of all lengths up to that, of tokens that any of the models has. */
const drawn = (count: number, longest: number): Int32Array[] =>
  Array.from({ length: count }, (_, text) => {
    const [of = 0, ...draws] = uniform(1 + longest, [5, 0], [text, 0, 0]);
    return Int32Array.from(
      draws.slice(0, 2 + Math.floor(of * (longest - 1))),
      (draw) => 3 + Math.floor(draw * 20),
    );
  });

describe.each(goldenModels)('%s with its weights as constants', (model) => {
  const classifier = goldenClassifier(model);
  const texts = [
    ...Object.values(goldenBatches(model)).flatMap(({ tokens }) =>
      tokens.map((text) => Int32Array.from(text)),
    ),
    ...drawn(20, 12),
  ];

  it.each([
    ['in one batch', null, 1e6],
    ['in batches of few tokens', null, 40],
    ['in windows', { length: 6, overlap: 2 }, 60],
  ] as const)('gives the logits that it gives with weights that are fed, %s', async (_, windows, budget) => {
    const read = windowed(classifier, windows);
    const whole = texts.filter((text) => text.length > 2);
    const tensors = await goldenTensors(model, weightsFile);
    const plain = await logitsOf(
      read,
      fed(device, classifier, (name) => tensors.get(name)!),
      whole,
      budget,
    );
    const constants = await constantsOf(classifier, goldenPath(model, weightsFile));
    expect(constants.folder).toBe(goldenPath(model, '.').replace(/[\\/]$/, ''));
    expect(largest(await logitsOf(read, constants, whole, budget), plain)).toBeLessThan(PLAIN);
  });
});

describe('weights as constants', () => {
  const classifier = goldenClassifier('bert');
  const texts = drawn(8, 12);
  const folder = mkdtempSync(join(tmpdir(), 'foldwise-constants-'));
  const original = goldenPath('bert', weightsFile);
  const ofOriginal = async () => logitsOf(classifier, await constantsOf(classifier, original), texts, 100);

  it('are found where a link leads', async () => {
    const [files, links] = ['files', 'links'].map((name) => join(folder, name)) as [string, string];
    for (const made of [files, links]) mkdirSync(made);
    copyFileSync(original, join(files, 'blob'));
    symlinkSync(join(files, 'blob'), join(links, weightsFile));
    const constants = await constantsOf(classifier, join(links, weightsFile));
    expect(await logitsOf(classifier, constants, texts, 100)).toEqual(await ofOriginal());
  });

  it('stay those of the file that was opened where another takes its name', async () => {
    const path = join(folder, weightsFile);
    const tensors = await goldenTensors('bert', weightsFile);
    const shapes = new Map(parametersOf(classifier).map(({ name, shape }) => [name, shape]));
    const named = [...tensors].map(([name, data]) => ({
      name,
      data,
      shape: shapes.get(name) ?? [data.length],
    }));
    await writeSafetensors(path, named);
    const { vocabulary } = classifier;
    const shared = { device, classifier, vocabulary };
    const run = new ClassifierRun({ ...shared, weights: await constantsOf(classifier, path) });
    await run.prepare();
    await writeSafetensors(
      path,
      named.map(({ data, ...of }) => ({ ...of, data: data.map((x) => x + 1) })),
    );
    const former = await run.logits(texts);
    run.release();
    expect(former).toEqual(await ofOriginal());
    expect(await logitsOf(classifier, await constantsOf(classifier, path), texts, 100)).not.toEqual(former);
  });
});
