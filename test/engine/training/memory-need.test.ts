import { afterEach, describe, expect, it } from 'vitest';
import { InputFault } from '../../../errors/fault.js';
import { Arena } from '../../../engine/kernels/arena.js';
import type { Classifier } from '../../../engine/models/family.js';
import { CpuDevice } from '../../../engine/device/cpu/device.js';
import { checkMemory, memoryNeeds } from '../../../engine/training/memory-need.js';
import { Scratch } from '../../../engine/device/scratch.js';
import { scratchModel } from '../../../engine/training/scratch-model.js';
import { Trainer } from '../../../engine/training/trainer.js';
import { weightsOf } from '../device/weights.js';

type Family = 'bert' | 'deberta-v2';
const sizes = {
  base: { hiddenSize: 768, layers: 12, heads: 12, intermediateSize: 3072 },
  large: { hiddenSize: 1024, layers: 24, heads: 16, intermediateSize: 4096 },
  tiny: { hiddenSize: 16, layers: 2, heads: 2, intermediateSize: 16 },
};

function model(
  type: Family,
  size: keyof typeof sizes,
  { vocabulary = 30_000, maxLength = 512 } = {},
): Classifier {
  return scratchModel({ type, ...sizes[size], vocabulary }, maxLength, 5).classifier;
}

const sum = (pieces: readonly { readonly bytes: number }[]): number =>
  pieces.reduce((total, { bytes }) => total + bytes, 0);

let scratch: Scratch | undefined;
afterEach(() => scratch?.close());

describe("a step's dropout masks", () => {
  // Nothing is written to these memories, so the machine does not have to have them.
  it.each([
    ['a base BERT with 20 texts of 512 tokens', 'bert', 'base', 20],
    ['a base BERT with 64 texts of 512 tokens', 'bert', 'base', 64],
    ['a base DeBERTa with 20 texts of 512 tokens', 'deberta-v2', 'base', 20],
    ['a large DeBERTa with 8 texts of 512 tokens', 'deberta-v2', 'large', 8],
    ['a large BERT with 8 texts of 512 tokens', 'bert', 'large', 8],
  ] as const)('of %s are spread over memories', async (_, type, size, texts) => {
    const classifier = model(type, size);
    const batch = { texts, length: 512 };
    checkMemory(classifier, batch);
    const { masks } = memoryNeeds(classifier, 1)(batch);
    expect(sum(masks) * 1.25).toBeGreaterThan(Arena.mostBytes);
    scratch = new Scratch(1);
    const pieces = await scratch.pieces(masks.map(({ bytes }) => bytes / 4));
    expect(pieces.map(({ view }) => view.byteLength)).toEqual(masks.map(({ bytes }) => bytes));
    const used = new Map<ArrayBufferLike, number>();
    for (const { view } of pieces) used.set(view.buffer, (used.get(view.buffer) ?? 0) + view.byteLength);
    expect(Math.max(...used.values())).toBeLessThanOrEqual(Arena.mostBytes);
    expect(used.size).toBeGreaterThanOrEqual(Math.ceil(sum(masks) / Arena.mostBytes));
  });

  it('stay where they are while they fit, and never overlap', async () => {
    scratch = new Scratch(1, 1024);
    const first = await scratch.pieces([100, 100, 100, 250]);
    const again = await scratch.pieces([90, 100, 100, 200]);
    expect(again.map(({ kernels }) => kernels)).toEqual(first.map(({ kernels }) => kernels));
    again.forEach(({ view }, place) => view.fill(place + 1));
    again.forEach(({ view }, place) => expect(new Set(view)).toEqual(new Set([place + 1])));
    expect(new Set(again.map(({ view }) => view.buffer)).size).toBe(3);
  });
});

describe('a step that cannot be had', () => {
  const fault = (check: () => void): InputFault => {
    try {
      check();
    } catch (error) {
      if (error instanceof InputFault) return error;
    }
    throw new Error('it is accepted');
  };

  it('is refused with the numbers, and the settings that it names are accepted', () => {
    const classifier = model('bert', 'base');
    const { message } = fault(() => checkMemory(classifier, { texts: 400, length: 512 }));
    expect(message).toMatch(
      /5\.03 GB for the dropout mask of layer\.0\.probabilities\.0.*400 texts of 512 tokens/,
    );
    expect(message).toMatch(/at most 4\.29 GB/);
    const [, texts, length] = /batchSize to (\d+), or model\.maxLength to (\d+)/.exec(message) ?? [];
    expect(texts).toBe('341');
    checkMemory(classifier, { texts: 341, length: 512 });
    checkMemory(classifier, { texts: 400, length: Number(length) });
    fault(() => checkMemory(classifier, { texts: 342, length: 512 }));
    fault(() => checkMemory(classifier, { texts: 400, length: Number(length) + 1 }));
  });

  it('is refused for a parameter that no memory can hold', () => {
    const scratchSizes = { hiddenSize: 16_384, layers: 1, heads: 1, intermediateSize: 65_536 };
    const { classifier } = scratchModel({ type: 'bert', ...scratchSizes, vocabulary: 100 }, 16, 2);
    const { message } = fault(() => checkMemory(classifier, { texts: 1, length: 16 }));
    expect(message).toMatch(/GB for bert\.encoder\.layer\.0\.intermediate\.dense\.weight.*smaller model/);
  });
});

describe.each([
  // Word and position embeddings, each with the gradients of its rows, do not fit the same memory.
  ['bert', 5_000, 10],
  // As large as the relative embeddings.
  ['deberta-v2', 131_100, 2],
] as const)('a small %s over memories of %i bytes', (type, mostBytes, memories) => {
  const texts = [[1, 2, 3, 4, 5, 6], [7, 8], [1, 9, 2, 2, 2], [3]].map((ids) => Int32Array.from(ids));
  const targets = [
    [1, 0, 0, 0, 1],
    [0, 1, 0, 0, 0],
    [0, 0, 1, 0, 0],
    [1, 1, 0, 0, 0],
  ];

  async function train(limit?: number) {
    const classifier = model(type, 'tiny', { vocabulary: 12, maxLength: 16 });
    const trainer = await Trainer.create({
      device: new CpuDevice(1),
      classifier,
      vocabulary: 12,
      loss: 'binaryCrossEntropy',
      dropout: true,
      mostTokens: 14,
      // The bound is not reached: the norm may differ in its last bit where it is added up by memory.
      optimizer: { weightDecay: 0.01, maxGradNorm: 1e9 },
      ...(limit === undefined ? {} : { mostBytes: limit }),
    });
    const { parameters, state } = trainer;
    for (const [place, { name, shape }] of parameters.entries()) {
      const fill = (_: unknown, i: number): number => Math.sin(i * 0.7 + place) * 0.2;
      const length = shape.reduce((a, b) => a * b, 1);
      await state.write('weights', name, Float32Array.from({ length }, fill));
    }
    const losses: number[] = [];
    for (let step = 0; step < 4; step++)
      losses.push((await trainer.step(texts, targets, 1e-2, step, [1, 2])).loss);
    const weights = await weightsOf(trainer);
    const views = await Promise.all(parameters.map(({ name }) => state.read('weights', name)));
    const memories = new Set(views.map(({ buffer }) => buffer)).size;
    await trainer.close();
    return { losses, weights, memories };
  }

  it('trains to the same bits as in one', async () => {
    const whole = await train();
    const split = await train(mostBytes);
    expect(whole.memories).toBe(1);
    expect(split.memories).toBeGreaterThanOrEqual(memories);
    expect(split.losses).toEqual(whole.losses);
    expect(split.weights).toEqual(whole.weights);
  });

  it('is refused where one parameter does not fit', async () => {
    await expect(train(1_000)).rejects.toThrow(/too large to be trained.*at most 1000 bytes in one memory/s);
  });
});
