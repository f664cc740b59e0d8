import { describe, expect, it } from 'vitest';
import { CpuDevice } from '../../../engine/device/cpu/device.js';
import type { Device } from '../../../engine/device/device.js';
import { windowed } from '../../../engine/inference/reading.js';
import type { TextBatch, TrainerOptions } from '../../../engine/training/trainer.js';
import { packingAs } from '../../setup/packing-as.js';
import { goldenTrainer } from '../device/golden-trainer.js';
import { contentOf } from '../device/weights.js';
import { goldenBatches, goldenClassifier, goldenModels } from '../models/golden-model.js';

const ragged = new CpuDevice(1);
const alike = packingAs(ragged, { alikeRuns: true });

const { loss: LOSS, norm: NORM, moments: MOMENTS } = { loss: 2e-6, norm: 2e-5, moments: 2e-5 };

const largest = (values: Float32Array): number =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** All texts of a golden's batches, of many lengths; batches of fewer besides. */
function batchesOf(model: string): TextBatch[] {
  const batches = Object.values(goldenBatches(model)).map(({ tokens, labels }) => ({
    texts: tokens.map((ids) => Int32Array.from(ids)),
    targets: labels,
  }));
  const [texts, targets] = [batches.flatMap((each) => each.texts), batches.flatMap((each) => each.targets)];
  return [{ texts, targets }, ...batches];
}

const sized = (count: number): Partial<TrainerOptions> => ({ mostTokens: count, dropout: false });

async function stepped(device: Device, model: string, options: Partial<TrainerOptions>) {
  const trainer = await goldenTrainer(device, model, options);
  const results = [];
  for (const [step, batch] of batchesOf(model).entries())
    // At a rate of 0 the weights stay: each step is of the same model.
    results.push(await trainer.step(batch.texts, batch.targets, 0, step, [7, 1]));
  const content = await contentOf(trainer.state);
  await trainer.close();
  return { results, content };
}

function expectAlike(
  model: string,
  found: Awaited<ReturnType<typeof stepped>>,
  expected: Awaited<ReturnType<typeof stepped>>,
): void {
  for (const [step, { loss, gradientNorm }] of expected.results.entries()) {
    const ours = found.results[step]!;
    expect(Math.abs(ours.loss - loss), `loss of step ${step}`).toBeLessThan(LOSS);
    expect(Math.abs(ours.gradientNorm / gradientNorm - 1), `norm of step ${step}`).toBeLessThan(NORM);
  }
  const noise = new Set(Object.values(goldenBatches(model)).flatMap(({ zeroGradients }) => zeroGradients));
  expect([...found.content.keys()].sort()).toEqual([...expected.content.keys()].sort());
  for (const [name, values] of expected.content) {
    if (noise.has(name.slice(name.indexOf('/') + 1))) continue;
    const ours = found.content.get(name)!;
    const error = largest(values.map((value, i) => value - ours[i]!));
    if (error > 0) expect(error / largest(values), name).toBeLessThan(MOMENTS);
  }
}

describe.each(goldenModels)('%s in batches that are filled up', (model) => {
  it.each([
    ['whole', null],
    ['in windows', { length: 6, overlap: 2 }],
  ] as const)('learns what it learns of batches that are not: texts %s', async (_, windows) => {
    const classifier = windowed(goldenClassifier(model), windows);
    const options = { ...sized(2000), classifier };
    const expected = await stepped(ragged, model, options);
    expectAlike(model, await stepped(alike, model, options), expected);
  });
});
