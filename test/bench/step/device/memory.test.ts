import { describe, expect, it } from 'vitest';
import { deviceMemory, type DeviceMemory } from '../../../../bench/step/device/memory.js';
import { packBatch } from '../../../../engine/inference/batch.js';
import { trainingGraph } from '../../../../engine/training/graphs.js';
import { goldenClassifier } from '../../../engine/models/golden-model.js';

const classifier = goldenClassifier('bert', { hidden_dropout_prob: 0.1, attention_probs_dropout_prob: 0.1 });

function needOf(length: number): [DeviceMemory, number] {
  const batch = packBatch([new Int32Array(length), new Int32Array(length)], classifier, 2);
  const { vocabulary } = classifier;
  const usual = { vocabulary, dropout: true, loss: 'binaryCrossEntropy' } as const;
  const graph = trainingGraph(classifier, { ...usual, groups: batch.groups.length });
  const numbers = graph.parameters.reduce(
    (sum, { shape }) => sum + shape.reduce<number>((a, b) => a * Number(b), 1),
    0,
  );
  return [deviceMemory('webgpu', graph, batch.sizes), numbers];
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
});
