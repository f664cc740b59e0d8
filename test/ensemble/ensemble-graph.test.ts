import { describe, expect, it } from 'vitest';
import { exportedModel } from '../../engine/export/onnx-export.js';
import { openRuntime } from '../../engine/runtime/open.js';
import type { Tensor } from '../../engine/runtime/runtime.js';
import { ensembleGraph, type GraphModel } from '../../ensemble/ensemble-graph.js';
import { join, type Joining } from '../../ensemble/joined.js';
import { tasks } from '../../tasks/index.js';
import { goldenClassifier, goldenTensors } from '../engine/models/golden-model.js';

const texts = [
  [2, 7, 9, 3],
  [2, 5, 3],
  [2, 11, 4, 8, 6, 3],
];
const length = 7;

async function modelOf(name: string): Promise<GraphModel> {
  const tensors = await goldenTensors(name, 'model.safetensors');
  return {
    classifier: goldenClassifier(name),
    weights: (parameter) => new Uint8Array(tensors.get(parameter)!.buffer),
  };
}

/** Runs a graph on the texts, padded on the right. */
async function run(bytes: Uint8Array, outputs: readonly string[]): Promise<Record<string, number[]>> {
  const runtime = openRuntime();
  const session = await runtime.createSession(bytes, { threads: 1 });
  const matrix = (entry: (text: readonly number[], place: number) => number): Tensor => {
    const data = texts.flatMap((text) => Array.from({ length }, (_, place) => BigInt(entry(text, place))));
    return runtime.tensor('int64', [texts.length, length], BigInt64Array.from(data));
  };
  const all: Record<string, Tensor> = {
    input_ids: matrix((text, place) => text[place] ?? 0),
    attention_mask: matrix((text, place) => Number(place < text.length)),
    token_type_ids: matrix(() => 0),
  };
  const feeds = Object.fromEntries(Object.entries(all).filter(([name]) => session.inputs.includes(name)));
  const results = await session.run(feeds, Object.fromEntries(outputs.map((name) => [name, null])));
  const found = Object.fromEntries(outputs.map((name) => [name, Array.from(results[name]!.data, Number)]));
  for (const tensor of [...Object.values(all), ...Object.values(results)]) tensor.release();
  session.release();
  return found;
}

describe('the graph of an ensemble', () => {
  // One that takes token types and one that does not, one with relative positions, one twice.
  const names = ['bert', 'distilbert-1', 'deberta-v3', 'bert'];
  it.each(['multi-label', 'single-label'] as const)(
    'is its models, each with weights of its own, joined and decided: %s',
    async (task) => {
      const models = await Promise.all(names.map(modelOf));
      const joining: Joining = {
        task,
        labels: ['a', 'b', 'c', 'd', 'e'],
        thresholds: [0.5, 0.45, 0.55, 0.5, 0.4],
        members: [
          { weight: 0.6, models: { length: 3 } },
          { weight: 0.4, models: { length: 1 } },
        ],
      };
      const scored: Float32Array[] = [];
      for (const { classifier, weights } of models) {
        const { logits } = await run(exportedModel(classifier, weights), ['logits']);
        scored.push(tasks[task].activate(Float32Array.from(logits!), 5));
      }
      const expected = join(joining, scored);
      const found = await run(ensembleGraph(joining, models), ['probabilities', 'decisions']);
      expect(found['decisions']).toEqual([...expected.decisions]);
      expected.probabilities.forEach((p, entry) =>
        expect(Math.abs(p - found['probabilities']![entry]!)).toBeLessThan(1e-6),
      );
      expect(new Set(expected.decisions).size).toBe(2);
    },
  );
});
