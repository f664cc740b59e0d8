import { describe, expect, it } from 'vitest';
import { CpuDevice } from '../../../engine/device/cpu/device.js';
import { linearWarmup } from '../../../engine/schedules/schedule.js';
import { Trainer } from '../../../engine/training/trainer.js';
import type { GoldenBatch, GoldenCurve } from '../models/golden-model.js';
import { goldenClassifier, goldenJson, goldenModels, goldenTensors } from '../models/golden-model.js';
import { writeWeights } from '../device/weights.js';

/** PyTorch's float32 run stays within 1.5e-7 of its float64 run; other orders of summation take a little more. */
const LOSS = 2e-6;
/** Relative. */
const NORM = 2e-5;
/** PyTorch's float32 run ends within 5e-7; ten steps of 1e-3 amplify rounding where a gradient is nearly 0. */
const WEIGHTS = 2e-5;

describe.each(goldenModels)('ten steps of %s', (model) => {
  it('follow the loss, gradient norm and weights of PyTorch', async () => {
    const curve = goldenJson<GoldenCurve>(model, 'curve.json');
    const { batches } = goldenJson<{ batches: Record<string, GoldenBatch> }>(model, 'cases.json');
    const classifier = goldenClassifier(model);
    const trainer = await Trainer.create({
      device: new CpuDevice(2),
      classifier,
      vocabulary: classifier.vocabulary,
      loss: 'binaryCrossEntropy',
      dropout: false,
      mostTokens: 100,
      optimizer: { weightDecay: curve.weightDecay, maxGradNorm: curve.maxGradNorm },
    });
    await writeWeights(trainer, await goldenTensors(model, 'model.safetensors'));
    for (const [step, expected] of curve.float64.entries()) {
      const batch = batches[expected.batch] as GoldenBatch;
      const learningRate = linearWarmup(step, curve.adamW.learningRate, curve.warmupSteps, curve.steps);
      expect(learningRate).toBeCloseTo(expected.learningRate, 12);
      const texts = batch.tokens.map((ids) => Int32Array.from(ids));
      const { loss, gradientNorm } = await trainer.step(texts, batch.labels, learningRate, step, [0, 0]);
      expect(Math.abs(loss - expected.loss), `loss of step ${step}`).toBeLessThan(LOSS);
      expect(Math.abs(gradientNorm / expected.gradNorm - 1), `norm of step ${step}`).toBeLessThan(NORM);
    }
    const noise = new Set(Object.values(batches).flatMap((batch) => batch.zeroGradients));
    for (const [name, expected] of await goldenTensors(model, curve.final)) {
      if (noise.has(name)) continue;
      const weights = await trainer.state.read('weights', name);
      const error = Math.max(...expected.map((value, i) => Math.abs(value - (weights[i] as number))));
      expect(error, name).toBeLessThan(WEIGHTS);
    }
    await trainer.close();
  });

  it('does not decay what PyTorch does not decay', async () => {
    const { undecayed } = goldenJson<GoldenCurve>(model, 'curve.json');
    const classifier = goldenClassifier(model);
    const { trainingGraph } = await import('../../../engine/training/graphs.js');
    const { parameters } = trainingGraph(classifier, {
      groups: 1,
      vocabulary: classifier.vocabulary,
      loss: 'binaryCrossEntropy',
      dropout: false,
    });
    expect(
      parameters
        .filter(({ group }) => !group.decay)
        .map(({ name }) => name)
        .sort(),
    ).toEqual([...undecayed].sort());
  });
});
