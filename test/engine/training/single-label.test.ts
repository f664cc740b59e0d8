import { describe, expect, it } from 'vitest';
import { CpuDevice } from '../../../engine/device/cpu/device.js';
import { linearWarmup } from '../../../engine/schedules/schedule.js';
import { ClassifierRun } from '../../../engine/inference/classifier-run.js';
import { Trainer } from '../../../engine/training/trainer.js';
import { tasks } from '../../../tasks/index.js';
import type { GoldenCurve } from '../models/golden-model.js';
import { goldenBatches, goldenClassifier, goldenJson, goldenTensors } from '../models/golden-model.js';
import { fed, writeWeights } from '../device/weights.js';

/** As in curve.test.ts. */
const [LOSS, NORM, WEIGHTS] = [2e-6, 2e-5, 2e-5];
const PROBABILITIES = 2e-6;

interface SingleLabelCurve extends GoldenCurve {
  /** One-hot, by batch. */
  readonly labels: Readonly<Record<string, number[][]>>;
  /** Of the weights before the first step, by batch. */
  readonly probabilities: Readonly<Record<string, number[][]>>;
}

describe.each(['bert', 'deberta-v3'])('%s with one class per text', (model) => {
  const task = tasks['single-label'];
  const curve = goldenJson<SingleLabelCurve>(model, 'single-label.json');
  const batches = goldenBatches(model);
  const classifier = goldenClassifier(model);
  const textsOf = (batch: string): Int32Array[] => batches[batch]!.tokens.map((ids) => Int32Array.from(ids));

  it('follows the loss, gradient norm and weights of transformers for ten steps', async () => {
    const trainer = await Trainer.create({
      device: new CpuDevice(2),
      classifier,
      vocabulary: classifier.vocabulary,
      loss: task.loss,
      dropout: false,
      mostTokens: 100,
      optimizer: { weightDecay: curve.weightDecay, maxGradNorm: curve.maxGradNorm },
    });
    await writeWeights(trainer, await goldenTensors(model, 'model.safetensors'));
    for (const [step, expected] of curve.float64.entries()) {
      const learningRate = linearWarmup(step, curve.adamW.learningRate, curve.warmupSteps, curve.steps);
      const { loss, gradientNorm } = await trainer.step(
        textsOf(expected.batch),
        curve.labels[expected.batch]!,
        learningRate,
        step,
        [0, 0],
      );
      expect(Math.abs(loss - expected.loss), `loss of step ${step}`).toBeLessThan(LOSS);
      expect(Math.abs(gradientNorm / expected.gradNorm - 1), `norm of step ${step}`).toBeLessThan(NORM);
    }
    const noise = new Set(Object.values(batches).flatMap((batch) => batch.zeroGradients));
    for (const [name, expected] of await goldenTensors(model, curve.final)) {
      if (noise.has(name)) continue;
      const weights = await trainer.state.read('weights', name);
      const error = Math.max(...expected.map((value, i) => Math.abs(value - weights[i]!)));
      expect(error, name).toBeLessThan(WEIGHTS);
    }
    await trainer.close();
  });

  it('gives the probabilities of transformers, and the loss of its first step', async () => {
    const weights = await goldenTensors(model, 'model.safetensors');
    const device = new CpuDevice(2);
    const run = new ClassifierRun({
      device,
      classifier,
      vocabulary: classifier.vocabulary,
      weights: fed(device, classifier, (name) => weights.get(name)!),
    });
    for (const [batch, expected] of Object.entries(curve.probabilities)) {
      const logits = await run.logits(textsOf(batch));
      const probabilities = task.activate(logits, 5);
      expected.flat().forEach((p, entry) => {
        expect(Math.abs(probabilities[entry]! - p)).toBeLessThan(PROBABILITIES);
      });
      const first = curve.float64[0]!;
      if (first.batch !== batch) continue;
      const truth = Uint8Array.from(curve.labels[batch]!.flat());
      expect(Math.abs(task.lossOf(logits, truth, 5) - first.loss)).toBeLessThan(LOSS);
    }
    run.release();
  });
});
