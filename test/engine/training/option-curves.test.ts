import { describe, it } from 'vitest';
import { CpuDevice } from '../../../engine/device/cpu/device.js';
import type { AsymmetricSettings } from '../../../engine/losses/settings.js';
import { averageShare } from '../../../engine/optim/averaging.js';
import { linearWarmup } from '../../../engine/schedules/schedule.js';
import { Trainer } from '../../../engine/training/trainer.js';
import { tasks } from '../../../tasks/index.js';
import type { TaskName } from '../../../tasks/task.js';
import { goldenBatches, goldenClassifier, goldenJson, goldenTensors } from '../models/golden-model.js';
import { expectMoved, expectStep, oneHot, type CurveSettings } from './golden-curve.js';
import { judgedOf, writeWeights } from '../device/weights.js';

/** What test/golden/models/generate_options.py writes. */
interface GoldenCase {
  readonly model: string;
  readonly task?: TaskName;
  readonly layerDecay?: number;
  readonly freezeLayers?: number;
  readonly accumulate?: number;
  readonly ema?: number;
  readonly classWeights?: readonly number[];
  readonly labelSmoothing?: number;
  readonly focalGamma?: number;
  readonly asymmetric?: AsymmetricSettings;
  readonly curve: readonly { batches: string[]; loss: number; gradNorm: number }[];
  /** By parameter, the distance from its first value to its last. */
  readonly moved: Readonly<Record<string, number>>;
}

const { cases, ...settings } = goldenJson<
  CurveSettings & {
    cases: GoldenCase[];
  }
>('.', 'options.json');

const titled = cases.map(({ curve, moved, model, ...options }) => {
  return [`${model} with ${JSON.stringify(options)}`, { curve, moved, model, ...options }] as const;
});

describe('ten steps', () => {
  it.each(titled)('of %s follow PyTorch', async (_, golden) => {
    const { model, curve, moved } = golden;
    const classifier = goldenClassifier(model);
    const batches = goldenBatches(model);
    const first = await goldenTensors(model, 'model.safetensors');
    const trainer = await Trainer.create({
      device: new CpuDevice(1),
      classifier,
      vocabulary: classifier.vocabulary,
      loss: tasks[golden.task ?? 'multi-label'].loss,
      lossSettings: {
        labelSmoothing: golden.labelSmoothing ?? 0,
        weights: golden.classWeights ?? null,
        focalGamma: golden.focalGamma ?? 0,
        asymmetric: golden.asymmetric ?? null,
      },
      dropout: false,
      mostTokens: 100,
      optimizer: settings,
      layers: { layerDecay: golden.layerDecay ?? 1, freezeLayers: golden.freezeLayers ?? null },
      accumulate: golden.accumulate ?? 1,
      averaged: golden.ema !== undefined,
    });
    await writeWeights(trainer, first);
    const averaging = { ema: golden.ema ?? null, swa: null };
    const shareAfter = (step: number): number | null => averageShare(averaging, step, settings.steps);
    for (const [step, expected] of curve.entries()) {
      const rate = linearWarmup(step, settings.learningRate, settings.warmupSteps, settings.steps);
      const used = expected.batches.map((name) => ({
        texts: batches[name]!.tokens.map((ids) => Int32Array.from(ids)),
        targets: golden.task === 'single-label' ? oneHot(batches[name]!.labels) : batches[name]!.labels,
      }));
      expectStep(
        await trainer.stepOver(used, {
          learningRate: rate,
          averageShare: shareAfter(step),
          step,
          key: [0, 0],
        }),
        expected,
        step,
      );
    }
    const ends = await judgedOf(trainer);
    expectMoved(first, moved, (name) => ends.get(name)!, batches);
    await trainer.close();
  });
});
