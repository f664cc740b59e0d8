import { describe, expect, it } from 'vitest';
import { CpuDevice } from '../../../engine/device/cpu/device.js';
import type { Device } from '../../../engine/device/device.js';
import type { StepResult } from '../../../engine/device/training-state.js';
import { packBatch } from '../../../engine/inference/batch.js';
import { shapesOfTraining } from '../../../engine/inference/batch-shapes.js';
import { windowed, type Windows } from '../../../engine/inference/reading.js';
import { permutation, uniform } from '../../../engine/kernels/philox.js';
import { gradScaler } from '../../../engine/optim/loss-scale.js';
import type { TextBatch, TrainerOptions } from '../../../engine/training/trainer.js';
import { packingAs } from '../../setup/packing-as.js';
import { residentOnProcessor } from '../../setup/resident-on-processor.js';
import { goldenTrainer } from '../device/golden-trainer.js';
import { contentOf } from '../device/weights.js';
import { goldenBatches, goldenClassifier, goldenModels } from '../models/golden-model.js';

const ragged = new CpuDevice(1);
const alike = packingAs(ragged, { alikeRuns: true });
/** Which is given what a card of CUDA is given. */
const resident = await residentOnProcessor(1);

/** Of the loss; of the norm and of the largest entry of each array relatively. */
interface Bounds {
  readonly loss: number;
  readonly norm: number;
  readonly state: number;
}

/** Rounding of float32: the same products, of more rows. */
const rounding: Bounds = { loss: 2e-6, norm: 2e-5, state: 2e-5 };

/** Rounding of float16 over a few layers. */
const inHalf: Bounds = { loss: 2e-3, norm: 2e-2, state: 5e-2 };

/** All texts of a golden's batches at once, and then each batch. */
function batchesOf(model: string): TextBatch[] {
  const batches = Object.values(goldenBatches(model)).map(({ tokens, labels }) => ({
    texts: tokens.map((ids) => Int32Array.from(ids)),
    targets: labels,
  }));
  const [texts, targets] = [batches.flatMap((each) => each.texts), batches.flatMap((each) => each.targets)];
  return [{ texts, targets }, ...batches];
}

interface Course {
  readonly results: readonly StepResult[];
  readonly content: ReadonlyMap<string, Float32Array>;
}

/** A step over each batch. At a rate of 0 the weights stay, and what is kept beside them is of the gradients. */
async function courseOf(device: Device, model: string, options: Partial<TrainerOptions>): Promise<Course> {
  const trainer = await goldenTrainer(device, model, { mostTokens: 2000, ...options });
  const { accumulate = 1, perturbation } = options;
  const batches = batchesOf(model);
  const results: StepResult[] = [];
  for (let step = 0; step < batches.length; step++) {
    const ofStep = Array.from(
      { length: accumulate },
      (_, place) => batches[(step + place) % batches.length]!,
    );
    const settings = { learningRate: 0, averageShare: null, perturbed: perturbation !== undefined };
    results.push(await trainer.stepOver(ofStep, { ...settings, step, key: [7, 1] }));
  }
  const content = await contentOf(trainer.state);
  await trainer.close();
  return { results, content };
}

const largest = (values: Float32Array): number =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

function expectAlike(model: string, found: Course, expected: Course, bounds: Bounds): void {
  expect(found.results).toHaveLength(expected.results.length);
  for (const [step, { loss, gradientNorm, skipped }] of expected.results.entries()) {
    const ours = found.results[step]!;
    expect([ours.skipped, skipped], `step ${step} is skipped`).toEqual([false, false]);
    expect(Math.abs(ours.loss - loss), `loss of step ${step}`).toBeLessThan(bounds.loss);
    const norm = Math.abs(ours.gradientNorm / gradientNorm - 1);
    expect(norm, `norm of step ${step}`).toBeLessThan(bounds.norm);
  }
  expect([...found.content.keys()].sort()).toEqual([...expected.content.keys()].sort());
  const noise = new Set(Object.values(goldenBatches(model)).flatMap(({ zeroGradients }) => zeroGradients));
  let worst = { name: '', error: 0 };
  for (const [name, values] of expected.content) {
    if (noise.has(name.slice(name.indexOf('/') + 1))) continue;
    const ours = found.content.get(name)!;
    const apart = largest(values.map((value, i) => value - ours[i]!));
    const error = apart === 0 ? 0 : apart / largest(values);
    if (!(error <= worst.error)) worst = { name, error };
  }
  expect(worst.error, worst.name).toBeLessThan(bounds.state);
}

const inWindows: Windows = { length: 6, overlap: 2 };

describe.each(goldenModels)('%s in batches that are filled up', (model) => {
  it.each([
    ['whole', null],
    ['in windows', inWindows],
  ] as const)('learns what it learns of batches that are not: texts %s', async (_, windows) => {
    const classifier = windowed(goldenClassifier(model), windows);
    const options: Partial<TrainerOptions> = { classifier, dropout: false };
    const expected = await courseOf(ragged, model, options);
    expectAlike(model, await courseOf(alike, model, options), expected, rounding);
  });

  it('does so in float16, in which no row is anything but a number', async () => {
    const lossScale = { ...gradScaler, first: 2 ** 10 };
    const options: Partial<TrainerOptions> = { dropout: false, precision: 'float16', lossScale };
    const expected = await courseOf(ragged, model, options);
    expectAlike(model, await courseOf(alike, model, options), expected, inHalf);
  });

  it('draws the same dropout on any device that fills them up', async () => {
    const expected = await courseOf(alike, model, {});
    expectAlike(model, await courseOf(resident, model, {}), expected, rounding);
  });
});

describe.each(['bert', 'deberta-v3'])('%s in batches that are filled up', (model) => {
  it.each<[string, Partial<TrainerOptions>]>([
    ['where each text passes twice', { draws: { rDrop: 1, dropoutSamples: 2 } }],
    [
      'where each passes twice, in windows',
      { draws: { rDrop: 1, dropoutSamples: 1 }, classifier: windowed(goldenClassifier(model), inWindows) },
    ],
    ['over several batches a step', { accumulate: 3 }],
    ['with layers that are computed again', { checkpointing: true }],
    ['with frozen layers', { layers: { layerDecay: 0.9, freezeLayers: 1 } }],
    ['with perturbed weights', { perturbation: { fgm: 0.5, awp: null } }],
  ])('learns what it learns of batches that are not, %s', async (_, options) => {
    const plain = { dropout: false, ...options };
    const expected = await courseOf(ragged, model, plain);
    expectAlike(model, await courseOf(alike, model, plain), expected, rounding);
    expectAlike(model, await courseOf(resident, model, plain), expected, rounding);
  });
});

describe('a batch that a step was told of before it comes', () => {
  /** Read once for each batch that is packed, since the graph is there. */
  let packed = 0;
  const plain = goldenClassifier('bert');
  const classifier = {
    ...plain,
    get positions() {
      packed++;
      return plain.positions;
    },
  };
  const [first, second] = batchesOf('bert') as [TextBatch, TextBatch];
  const settings = { learningRate: 1e-3, averageShare: null, key: [7, 1] } as const;
  const copy = ({ texts, targets }: TextBatch): TextBatch => ({ texts: [...texts], targets: [...targets] });

  it('is packed once, where it is the one that comes', async () => {
    const trainer = await goldenTrainer(resident, 'bert', { classifier, mostTokens: 2000 });
    const packedBy = async (step: number, batch: TextBatch, next?: TextBatch): Promise<number> => {
      const before = packed;
      await trainer.stepOver([batch], { ...settings, step }, undefined, next);
      return packed - before;
    };
    expect(await packedBy(0, first, second)).toBe(2);
    expect(await packedBy(1, copy(second), copy(first))).toBe(1);
    // Other texts, the texts of another step, and other targets than it was told of.
    expect(await packedBy(2, second, first)).toBe(2);
    expect(await packedBy(4, first, second)).toBe(2);
    const [one, ...others] = second.targets;
    expect(await packedBy(5, { ...second, targets: [[...one!], ...others] })).toBe(1);
    await trainer.close();
  });
});

describe('the shapes of three epochs', () => {
  const classifier = goldenClassifier('deberta-v2');
  const batchSize = 16;
  const count = 1003;

  /** As tables have them: most texts are short, few are long. */
  const textsUpTo = (longest: number): Int32Array[] =>
    uniform(count, [11, 0], [0, 0, 0]).reduce<Int32Array[]>((texts, draw) => {
      texts.push(new Int32Array(2 + Math.floor((longest - 1) * draw ** 3)));
      return texts;
    }, []);

  function shapesOf(windows: Windows | null, longest: number, alikeRuns: boolean) {
    const read = windowed(classifier, windows);
    const shapes = shapesOfTraining({ alikeRuns }, read, windows?.length ?? longest);
    const texts = textsUpTo(longest);
    const found = new Set<string>();
    let [batches, slots] = [0, 0];
    for (let epoch = 0; epoch < 3; epoch++) {
      const order = [...permutation(count, [3, 1], [epoch, 0, 0])];
      for (let first = 0; first < count; first += batchSize, batches++) {
        const batch = order.slice(first, first + batchSize).map((text) => texts[text]!);
        const { sizes, groups, order: rows } = packBatch(batch, read, shapes ?? 2);
        expect(rows).toHaveLength(batch.length);
        if (alikeRuns) expect([groups.length, sizes['tokens']]).toEqual([1, sizes['slots']]);
        found.add(JSON.stringify(sizes));
        slots += sizes['slots']!;
      }
    }
    return { shapes: found.size, batches, slots };
  }

  it('are nearly as many as batches where these are as they are', () => {
    const { shapes, batches } = shapesOf(null, 128, false);
    expect(shapes).toBeGreaterThan(0.9 * batches);
  });

  it.each([
    [64, 8],
    [128, 12],
    [100, 11],
    [512, 20],
  ])(
    'of texts of up to %i tokens are at most %i, and as many of each epoch’s last batch',
    (longest, most) => {
      const { shapes, batches } = shapesOf(null, longest, true);
      expect(batches).toBe(3 * Math.ceil(count / batchSize));
      expect(shapes).toBeLessThanOrEqual(most + 3);
    },
  );

  it('of texts in windows are few, too', () => {
    const { shapes, batches } = shapesOf({ length: 64, overlap: 16 }, 512, true);
    expect(batches).toBe(3 * Math.ceil(count / batchSize));
    expect(shapes).toBeLessThanOrEqual(14);
  });

  it('have no more than a third more places than the longest text of each batch', () => {
    const [plain, filled] = [
      shapesOfTraining({ alikeRuns: false }, classifier),
      shapesOfTraining({ alikeRuns: true }, classifier, 300)!,
    ];
    expect(plain).toBeNull();
    for (let length = 1; length <= 300; length++) {
      const group = filled.of({ first: 0, batch: 7, length });
      expect(group.batch).toBe(7);
      expect(group.length).toBeGreaterThanOrEqual(length);
      expect(group.length).toBeLessThanOrEqual(Math.min(300, Math.max(8, length + 7, (4 / 3) * length)));
    }
    expect(filled.texts(7)).toBe(7);
  });
});
