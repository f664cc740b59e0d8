import { describe, expect, it } from 'vitest';
import type { Device } from '../../../../engine/device/device.js';
import type { StepResult } from '../../../../engine/device/training-state.js';
import { gradScaler } from '../../../../engine/optim/loss-scale.js';
import { linearWarmup } from '../../../../engine/schedules/schedule.js';
import type { Trainer, TrainerOptions } from '../../../../engine/training/trainer.js';
import { onProcessor, otherDevices } from '../../../setup/devices.js';
import { opened } from '../../../setup/opened-device.js';
import { packingAs } from '../../../setup/packing-as.js';
import { goldenBatches } from '../../models/golden-model.js';
import { goldenTrainer } from '../golden-trainer.js';
import { contentOf, writeContent } from '../weights.js';

/** How far the devices may be apart in ten steps: of the norm and of the largest entry of each array relatively. */
const bounds = { loss: 1e-6, norm: 5e-6, state: 1e-5 };

const STEPS = 10;

const largest = (values: Float32Array): number =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

const everything: Partial<TrainerOptions> = {
  layers: { layerDecay: 0.9, freezeLayers: 0 },
  averaged: true,
  accumulate: 2,
  checkpointing: true,
  optimizer: { weightDecay: 0.1, maxGradNorm: 0.05 },
};

/** So far that some entries reach their bound. */
const awp = { rate: 0.1, epsilon: 0.05, from: 1 };

interface Course {
  readonly results: readonly StepResult[];
  readonly content: ReadonlyMap<string, Float32Array>;
}

/**
 * Batches of all the golden's layouts, one after the other.
 *
 * @param foretold whether steps are told of the batch after them: two of three rightly
 */
async function stepsOf(
  trainer: Trainer,
  model: string,
  { accumulate = 1, averaged = false, perturbation }: Partial<TrainerOptions>,
  from: number,
  to: number,
  foretold = false,
): Promise<StepResult[]> {
  const batches = Object.values(goldenBatches(model)).map(({ tokens, labels }) => ({
    texts: tokens.map((ids) => Int32Array.from(ids)),
    targets: labels,
  }));
  const perturbed = perturbation !== undefined;
  const results: StepResult[] = [];
  for (let step = from; step < to; step++) {
    const batchOf = (number: number) => batches[number % batches.length]!;
    const ofStep = Array.from({ length: accumulate }, (_, place) => batchOf(step * accumulate + place));
    const next = batchOf((step + 1) * accumulate + (step % 3 === 2 ? 1 : 0));
    const learningRate = linearWarmup(step, 1e-3, 2, STEPS);
    const averageShare = averaged ? (step === 0 ? 1 : 0.1) : null;
    results.push(
      await trainer.stepOver(
        ofStep,
        { learningRate, averageShare, perturbed, step, key: [7, 1] },
        undefined,
        foretold ? next : undefined,
      ),
    );
  }
  return results;
}

async function courseOf(device: Device, model: string, options: Partial<TrainerOptions>): Promise<Course> {
  const trainer = await goldenTrainer(device, model, options);
  const results = await stepsOf(trainer, model, options, 0, STEPS, true);
  const content = await contentOf(trainer.state);
  await trainer.close();
  return { results, content };
}

/** The same in two halves, of which no step is foretold: what the first leaves is read, and written into another training. */
async function brokenCourseOf(
  device: Device,
  model: string,
  options: Partial<TrainerOptions>,
): Promise<Course> {
  const first = await goldenTrainer(device, model, options);
  const results = await stepsOf(first, model, options, 0, STEPS / 2);
  const half = await contentOf(first.state);
  await first.close();
  const second = await goldenTrainer(device, model, options);
  await writeContent(second.state, half);
  results.push(...(await stepsOf(second, model, options, STEPS / 2, STEPS)));
  const content = await contentOf(second.state);
  await second.close();
  return { results, content };
}

describe.each(otherDevices)('a training on $title', { timeout: 300_000 }, ({ missing, open }) => {
  const [processor, device] = [opened(() => onProcessor.open(1)), opened(() => open(1))];

  it.skipIf(missing).each<[string, string, Partial<TrainerOptions>]>([
    ['bert', 'dropout', {}],
    ['deberta-v3', 'dropout', {}],
    [
      'deberta-v3',
      'dropout, rates by layer, frozen embeddings, an average, layers computed again, much clipped, two batches a step',
      everything,
    ],
    ['bert', 'perturbed embeddings', { perturbation: { fgm: 0.5, awp: null } }],
    [
      'bert',
      'perturbed embeddings, two batches a step and a loss scale',
      { perturbation: { fgm: 0.5, awp: null }, accumulate: 2, lossScale: gradScaler },
    ],
    ['bert', 'perturbed matrices', { perturbation: { fgm: 0, awp: { ...awp, rate: 0.001 } } }],
    [
      'deberta-v3',
      'perturbed matrices, two batches a step and a loss scale',
      { perturbation: { fgm: 0, awp }, accumulate: 2, lossScale: gradScaler },
    ],
  ])(
    'of %s with %s follows the processor’s, and ends with the same bits where it was broken off',
    async (model, _, options) => {
      const before = device().live;
      const expected = await courseOf(packingAs(processor(), device()), model, options);
      const found = await courseOf(device(), model, options);
      for (const [step, { loss, gradientNorm }] of expected.results.entries()) {
        const ours = found.results[step]!;
        expect(Math.abs(ours.loss - loss), `loss of step ${step}`).toBeLessThan(bounds.loss);
        const norm = Math.abs(ours.gradientNorm / gradientNorm - 1);
        expect(norm, `norm of step ${step}`).toBeLessThan(bounds.norm);
      }
      expect([...found.content.keys()].sort()).toEqual([...expected.content.keys()].sort());
      const noise = new Set(
        Object.values(goldenBatches(model)).flatMap(({ zeroGradients }) => zeroGradients),
      );
      let worst = { name: '', error: 0 };
      for (const [name, values] of expected.content) {
        // AdamW makes steps of the full rate of a gradient that is rounding alone.
        if (noise.has(name.slice(name.indexOf('/') + 1))) continue;
        const ours = found.content.get(name)!;
        const error = largest(values.map((value, i) => value - ours[i]!)) / largest(values);
        if (!(error <= worst.error)) worst = { name, error };
      }
      expect(worst.error, worst.name).toBeLessThan(bounds.state);
      expect(await brokenCourseOf(device(), model, options)).toEqual(found);
      expect(device().live).toEqual(before);
    },
  );

  it.skipIf(missing).each([0, 5, 14])(
    'gives all back where the device has no room after %d tensors',
    async (most) => {
      const before = device().live;
      let made = 0;
      const full = Object.assign(Object.create(device()) as Device, {
        allocate: (...given: Parameters<Device['allocate']>) =>
          made++ < most ? device().allocate(...given) : Promise.reject(new Error('no room')),
      });
      await expect(goldenTrainer(full, 'bert', {})).rejects.toThrow('no room');
      expect(made).toBe(most + 1);
      expect(device().live).toEqual(before);
    },
  );
});
