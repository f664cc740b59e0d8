import { describe, expect, it } from 'vitest';
import {
  deviceMemories,
  expectedOfCard,
  leastOfCard,
  type DeviceMemory,
} from '../../../../engine/device/resident/memory.js';
import { shapesOfTraining } from '../../../../engine/inference/batch-shapes.js';
import { packBatch } from '../../../../engine/inference/batch.js';
import { elements as elementsOf } from '../../../../engine/graph/product-operations.js';
import { elementCount, elements } from '../../../../engine/runtime/elements.js';
import type { Value } from '../../../../engine/runtime/runtime.js';
import { trainingGraph } from '../../../../engine/training/graphs.js';
import { noCompiler } from '../../../setup/fake-card/fake-card.js';
import { residentOnProcessor } from '../../../setup/resident-on-processor.js';
import { goldenClassifier } from '../../models/golden-model.js';
import { goldenTrainer } from '../golden-trainer.js';

const classifier = goldenClassifier('bert', { hidden_dropout_prob: 0.1, attention_probs_dropout_prob: 0.1 });
const usual = { vocabulary: classifier.vocabulary, dropout: true, loss: 'binaryCrossEntropy' } as const;

function needOf(length: number, device: 'webgpu' | 'cuda:0' = 'webgpu', extra = 0): [DeviceMemory, number] {
  const batch = packBatch([new Int32Array(length), new Int32Array(length)], classifier, 2);
  const graph = trainingGraph(classifier, { ...usual, groups: batch.groups.length });
  const numbers = graph.parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  return [deviceMemories(device, graph, extra)(batch.sizes), numbers];
}

describe('what is counted of a training’s memory on a device', () => {
  it('is weights and moments twice, a gradient, and what grows with the batch', () => {
    const [short, numbers] = needOf(4);
    const [long] = needOf(8);
    expect(short.state).toBe(numbers * 4 * 6);
    expect(short.gradients).toBe(numbers * 4);
    expect(short.copies).toBeLessThanOrEqual(2 * short.gradients);
    expect(long.state).toBe(short.state);
    expect(long.activations).toBeGreaterThan(1.5 * short.activations);
    expect(long.masks).toBeGreaterThan(1.5 * short.masks);
    expect(long.rows).toBe(2 * short.rows);
    const { total, ...parts } = long;
    expect(total).toBe(Object.values(parts).reduce((sum, bytes) => sum + bytes, 0));
  });

  it('has each further array of a parameter twice', () => {
    const [more, numbers] = needOf(4, 'cuda:0', 2);
    expect(more.state).toBe(numbers * 4 * 10);
  });

  it('is on a card of CUDA beside its context and what the arena reserves, as they were measured', () => {
    // DeBERTa-v3-base and MiniLM: MiB that were counted, and that the process was seen to have.
    for (const [counted, seen] of [
      [3_361, 6_956],
      [464, 1_688],
    ] as const) {
      const total = counted * 2 ** 20;
      const memory: DeviceMemory = { ...needOf(4)[0], total };
      const expected = expectedOfCard('cuda:0', memory) / 2 ** 20;
      expect(expected).toBeGreaterThanOrEqual(seen);
      expect(expected).toBeLessThan(1.1 * seen);
      expect(leastOfCard('cuda:0', memory)).toBe(total + 800 * 2 ** 20);
      expect([expectedOfCard('webgpu', memory), leastOfCard('webgpu', memory)]).toEqual([total, total]);
    }
  });
});

const skipped = noCompiler === null ? '' : ` (skipped: ${noCompiler})`;

describe.skipIf(noCompiler !== null)(`what a device is asked for in a step${skipped}`, () => {
  /** Bytes of what lies there, and of what else was asked for at once, at the most. */
  async function allocated(): Promise<{ floats: number; masks: number; alikeRuns: boolean }> {
    const device = await residentOnProcessor(1);
    const living = new Map<Value, number>();
    let masks = 0;
    const allocate = device.allocate.bind(device);
    device.allocate = async (type, shape) => {
      const value = await allocate(type, shape);
      const release = value.release.bind(value);
      living.set(value, elementCount(shape) * elements[type].bytes);
      value.release = () => {
        living.delete(value);
        release();
      };
      const flags = [...living].filter(([{ type }]) => type !== 'float32');
      masks = Math.max(
        masks,
        flags.reduce((sum, [, bytes]) => sum + bytes, 0),
      );
      return value;
    };
    const trainer = await goldenTrainer(device, 'bert', {});
    await trainer.step(texts, labels, 1e-3, 0, [1, 2]);
    await trainer.step(texts, labels, 1e-3, 1, [1, 2]);
    // Losses and norm are a number each.
    const arrays = [...living].filter(([{ type, shape }]) => type === 'float32' && shape.length > 0);
    const floats = arrays.reduce((sum, [, bytes]) => sum + bytes, 0);
    await trainer.close();
    device.release();
    return { floats, masks, alikeRuns: device.alikeRuns };
  }

  const texts = [Int32Array.of(2, 5, 6, 3), Int32Array.of(2, 7, 8, 9, 10, 3)];
  const labels = texts.map(() => [0, 1, 0, 1, 0]);

  it('is its state, gradients and masks as they are counted', async () => {
    const { floats, masks, alikeRuns } = await allocated();
    const shapes = shapesOfTraining({ alikeRuns }, classifier) ?? 2;
    const { groups, sizes } = packBatch(texts, classifier, shapes);
    const graph = trainingGraph(classifier, { ...usual, groups: groups.length });
    const counted = deviceMemories('cuda:0', graph)(sizes);
    expect(floats).toBe(counted.state + counted.gradients);
    const entries = graph.dropoutSites.reduce((sum, { shape }) => sum + elementsOf(shape, sizes), 0);
    expect(masks).toBe(counted.masks - 4 * entries);
  });
});
