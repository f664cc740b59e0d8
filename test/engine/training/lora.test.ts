import { describe, expect, it } from 'vitest';
import { CpuDevice } from '../../../engine/device/cpu/device.js';
import { linearWarmup } from '../../../engine/schedules/schedule.js';
import { adapted, mergedParameters, newAdapters } from '../../../engine/training/adapters.js';
import { ClassifierRun } from '../../../engine/inference/classifier-run.js';
import { parametersOf } from '../../../engine/inference/parameters.js';
import { Trainer } from '../../../engine/training/trainer.js';
import { goldenBatches, goldenClassifier, goldenJson, goldenTensors } from '../models/golden-model.js';
import { expectMoved, expectStep, type CurveSettings } from './golden-curve.js';
import { fed, weightsOf, writeWeights } from '../device/weights.js';

/** Of a logit after ten steps and the merge: the weights' own differences, over a few layers. */
const LOGIT = 2e-5;

/** What test/golden/models/generate_lora.py writes. */
interface GoldenCase {
  readonly model: string;
  readonly targets: 'attention' | 'all';
  readonly rank: number;
  readonly alpha: number;
  readonly freezeLayers?: number;
  readonly curve: readonly { batch: string; loss: number; gradNorm: number }[];
  /** By parameter that is trained, the distance from its first value to its last. */
  readonly moved: Readonly<Record<string, number>>;
  /** The same of the parameters of the model that the adapters are merged into. */
  readonly merged: Readonly<Record<string, number>>;
  /** Of the batch `ragged`, by the merged model. */
  readonly logits: readonly (readonly number[])[];
}

const { cases, ...settings } = goldenJson<
  CurveSettings & {
    cases: GoldenCase[];
  }
>('.', 'lora.json');

const titled = cases.map((golden) => {
  const { model, targets, rank, freezeLayers } = golden;
  const above = freezeLayers === undefined ? '' : `, above ${freezeLayers}`;
  return [`${model}, ${targets}, rank ${rank}${above}`, golden] as const;
});

/** The generator's. */
function start(count: number, place: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => 0.2 * Math.sin(1 + 0.7 * i + 3 * place));
}

describe('ten steps of low-rank adapters', () => {
  it.each(titled)('follow peft: %s', async (_, golden) => {
    const { model, curve, moved, merged } = golden;
    const adapters = { ...golden, dropout: 0 };
    const base = goldenClassifier(model);
    const freezeLayers = golden.freezeLayers ?? null;
    const classifier = adapted(base, adapters, freezeLayers);
    const batches = goldenBatches(model);
    const tokens = (name: string): Int32Array[] => batches[name]!.tokens.map((ids) => Int32Array.from(ids));
    const first = await goldenTensors(model, 'model.safetensors');
    const trainer = await Trainer.create({
      device: new CpuDevice(1),
      classifier,
      vocabulary: classifier.vocabulary,
      loss: 'binaryCrossEntropy',
      dropout: false,
      mostTokens: 100,
      optimizer: settings,
      layers: { layerDecay: 1, freezeLayers },
    });
    const names = [...newAdapters(trainer, [0, 0]).keys()].sort();
    const begun = await weightsOf(trainer);
    names.forEach((name, place) => first.set(name, start(begun.get(name)!.length, place)));
    await writeWeights(trainer, first);
    expect(trainer.trained.map(({ name }) => name).sort()).toEqual(Object.keys(moved).sort());

    for (const [step, expected] of curve.entries()) {
      const rate = linearWarmup(step, settings.learningRate, settings.warmupSteps, settings.steps);
      const { labels } = batches[expected.batch]!;
      expectStep(await trainer.step(tokens(expected.batch), labels, rate, step, [0, 0]), expected, step);
    }
    const ends = await weightsOf(trainer);
    expectMoved(first, moved, (name) => ends.get(name)!);

    const joined = new Map<string, Float32Array>();
    for (const { name, weights } of mergedParameters(trainer, adapters)) joined.set(name, await weights());
    expect([...joined.keys()]).toEqual(parametersOf(base).map(({ name }) => name));
    expectMoved(first, merged, (name) => joined.get(name)!);

    const logitsOf = async (of: typeof base, weights: (name: string) => Float32Array) => {
      const { vocabulary } = of;
      const device = new CpuDevice(1);
      const options = { device, classifier: of, vocabulary, weights: fed(device, of, weights) };
      const run = new ClassifierRun(options);
      const logits = await run.logits(tokens('ragged'));
      run.release();
      return logits;
    };
    const expected = golden.logits.flat();
    const apart = await logitsOf(classifier, (name) => ends.get(name)!);
    const together = await logitsOf(base, (name) => joined.get(name)!);
    expected.forEach((logit, i) => {
      expect(Math.abs(apart[i]! - logit), `logit ${i}`).toBeLessThan(LOGIT);
      expect(Math.abs(together[i]! - logit), `logit ${i}, merged`).toBeLessThan(LOGIT);
      expect(Math.abs(together[i]! - apart[i]!), `logit ${i}, merged or not`).toBeLessThan(5e-6);
    });
    await trainer.close();
  });
});
