import { describe, expect, it } from 'vitest';
import { processor, type Device, type DeviceName } from '../../../engine/device/device.js';
import { activationsOn, expectedOfCard } from '../../../engine/device/resident/memory.js';
import { packBatch } from '../../../engine/inference/batch.js';
import { fewShapes } from '../../../engine/inference/batch-shapes.js';
import { scoringNeeds, tokensThatFit, type ScoredModel } from '../../../engine/inference/card-fit.js';
import { inferenceGraph } from '../../../engine/inference/graphs.js';
import { windowed } from '../../../engine/inference/reading.js';
import { scratchModel } from '../../../engine/training/scratch-model.js';
import { InputFault } from '../../../errors/fault.js';

const sizes = { hiddenSize: 32, layers: 2, heads: 2, intermediateSize: 64, vocabulary: 100 };
const { classifier } = scratchModel({ type: 'deberta-v2', ...sizes }, 64, 2);
const model: ScoredModel = { classifier, longest: 64, precision: 'float32', models: 1 };

const on = (memoryBytes: number | null, name: DeviceName = 'cuda:0'): Pick<Device, 'name' | 'card'> => ({
  name,
  card: { name: 'A card', id: null, driver: '1', memoryBytes, isSoftware: false },
});

/** What a card is expected to have taken by so many models that score so many tokens at once. */
function expected(tokens: number, models = 1, name: 'cuda:0' | 'webgpu' = 'cuda:0'): number {
  const { weights, activations } = scoringNeeds(model, name)(tokens);
  return expectedOfCard(name, { total: models * (weights + activations) });
}

describe('what scoring takes of a card', () => {
  it.each([
    ['whole', null, 64],
    ['in windows', { length: 16, overlap: 4 }, 50],
  ] as const)('is weights, and what a full batch of long texts computes, %s', (_, windows, longest) => {
    const read = windowed(classifier, windows);
    const graph = inferenceGraph(read, { groups: 1, vocabulary: classifier.vocabulary });
    const texts = Array.from({ length: Math.floor(1024 / longest) }, () => new Int32Array(longest));
    const batch = packBatch(texts, read, fewShapes(1024, windows?.length ?? longest));
    const { weights, activations } = scoringNeeds(
      { classifier: read, longest, precision: 'float32' },
      'webgpu',
    )(1024);
    expect(batch.groups).toHaveLength(1);
    // Of the relative embeddings all rows may be used.
    const most = { ...batch.sizes, buckets: read.relativePositions!.rows };
    expect(activations).toBe(activationsOn('webgpu', graph.graph)(most));
    expect(weights).toBeGreaterThan(100 * 32 * 4);
  });

  it('lets as many tokens pass at once as are expected to fit, half and half again', () => {
    expect(tokensThatFit(model, on(expected(8192)), 8192)).toBe(8192);
    expect(tokensThatFit(model, on(expected(8192) - 1), 8192)).toBe(4096);
    expect(tokensThatFit(model, on(expected(512)), 8192)).toBe(512);
    expect(tokensThatFit(model, on(expected(512, 1, 'webgpu'), 'webgpu'), 8192)).toBe(512);
  });

  it('is that of all models that are on it at once', () => {
    const five = { ...model, models: 5 };
    expect(tokensThatFit(five, on(expected(1024, 5)), 8192)).toBe(1024);
    expect(tokensThatFit(five, on(expected(8192)), 8192)).toBeLessThan(8192);
  });

  it('is held against nothing on the processor, and of a card that does not say what it has', () => {
    expect(tokensThatFit(model, { name: processor, card: null }, 2048)).toBe(2048);
    expect(tokensThatFit(model, on(null), 8192)).toBe(8192);
    expect(tokensThatFit(model, { name: 'webgpu', card: null }, 8192)).toBe(8192);
  });

  it('is refused where not even few tokens would fit, with the numbers', () => {
    const little = on(800 * 2 ** 20);
    expect(() => tokensThatFit(model, little, 8192)).toThrow(InputFault);
    expect(() => tokensThatFit({ ...model, models: 3 }, little, 8192)).toThrow(
      /^device cuda:0: the ensemble would not fit its memory \(A card\); found 0\.84 GB: 3 models, each weights .* a text of 64 tokens; expected at most 0\.84 GB\. .* fewer models\.$/,
    );
  });
});
