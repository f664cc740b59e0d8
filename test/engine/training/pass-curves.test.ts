import { describe, it } from 'vitest';
import type { PhiloxKey } from '../../../engine/kernels/philox.js';
import { plainLoss } from '../../../engine/losses/settings.js';
import { CpuDevice } from '../../../engine/device/cpu/device.js';
import { linearWarmup } from '../../../engine/schedules/schedule.js';
import { Trainer } from '../../../engine/training/trainer.js';
import { tasks } from '../../../tasks/index.js';
import type { TaskName } from '../../../tasks/task.js';
import { goldenBatches, goldenClassifier, goldenJson, goldenTensors } from '../models/golden-model.js';
import { expectMoved, expectStep, oneHot, type CurveSettings } from './golden-curve.js';
import { judgedOf, writeWeights } from '../device/weights.js';

/** What test/golden/models/generate_passes.py writes. */
interface GoldenCase {
  readonly model: string;
  readonly task?: TaskName;
  /** Whether the model drops out before its last layer. */
  readonly drops?: boolean;
  readonly accumulate?: number;
  readonly layerDecay?: number;
  readonly freezeLayers?: number;
  readonly dropoutSamples?: number;
  readonly rDrop?: number;
  readonly fgm?: number;
  readonly awp?: { readonly rate: number; readonly epsilon: number };
  readonly curve: readonly { batches: string[]; loss: number; gradNorm: number }[];
  /** By parameter, the distance from its first value to its last. */
  readonly moved: Readonly<Record<string, number>>;
}

const { cases, key, rate, ...settings } = goldenJson<
  CurveSettings & {
    key: PhiloxKey;
    rate: number;
    cases: GoldenCase[];
  }
>('.', 'passes.json');

/** The dropout before the last layer, as each family names it. */
const droppedOut = { classifier_dropout: rate, cls_dropout: rate, seq_classif_dropout: rate };

const titled = cases.map(({ curve, moved, model, ...options }) => {
  return [`${model} with ${JSON.stringify(options)}`, { curve, moved, model, ...options }] as const;
});

describe('ten steps', () => {
  it.each(titled)('of %s follow PyTorch', async (_, golden) => {
    const { model, curve, moved } = golden;
    const classifier = goldenClassifier(model, golden.drops === true ? droppedOut : {});
    const batches = goldenBatches(model);
    const first = await goldenTensors(model, 'model.safetensors');
    const trainer = await Trainer.create({
      device: new CpuDevice(1),
      classifier,
      vocabulary: classifier.vocabulary,
      loss: tasks[golden.task ?? 'multi-label'].loss,
      lossSettings: plainLoss,
      dropout: true,
      draws: { dropoutSamples: golden.dropoutSamples ?? 1, rDrop: golden.rDrop ?? 0 },
      mostTokens: 100,
      optimizer: settings,
      layers: { layerDecay: golden.layerDecay ?? 1, freezeLayers: golden.freezeLayers ?? null },
      accumulate: golden.accumulate ?? 1,
      perturbation: {
        fgm: golden.fgm ?? 0,
        awp: golden.awp === undefined ? null : { ...golden.awp, from: 1 },
      },
    });
    await writeWeights(trainer, first);
    for (const [step, expected] of curve.entries()) {
      const learningRate = linearWarmup(step, settings.learningRate, settings.warmupSteps, settings.steps);
      const used = expected.batches.map((name) => ({
        texts: batches[name]!.tokens.map((ids) => Int32Array.from(ids)),
        targets: golden.task === 'single-label' ? oneHot(batches[name]!.labels) : batches[name]!.labels,
      }));
      expectStep(
        await trainer.stepOver(used, {
          learningRate,
          averageShare: null,
          perturbed: golden.fgm !== undefined || golden.awp !== undefined,
          step,
          key,
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
