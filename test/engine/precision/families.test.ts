import { afterAll, describe, expect, it } from 'vitest';
import { modelBytes } from '../../../engine/device/program.js';
import { openDevice } from '../../../engine/device/open.js';
import { openRuntime } from '../../../engine/runtime/open.js';
import type { Tensor } from '../../../engine/runtime/runtime.js';
import { packBatch } from '../../../engine/inference/batch.js';
import type { ComputePrecision } from '../../../engine/precision/precision.js';
import { trainingGraph } from '../../../engine/training/graphs.js';
import type { Graph, Value } from '../../../engine/graph/graph.js';
import { goldenBatches, goldenClassifier, goldenModels, goldenTensors } from '../models/golden-model.js';

const device = await openDevice('cpu', { threads: 1 });
const held: Tensor[] = [];
const keep = (tensor: Tensor): Tensor => (held.push(tensor), tensor);
afterAll(() => held.forEach((tensor) => tensor.release()));

const products = ['MatMul', 'FusedMatMul', 'Gemm'];

/** Of a batch whose gradients are known. */
async function backward(model: string, precision: ComputePrecision) {
  const classifier = goldenClassifier(model);
  const weights = await goldenTensors(model, 'model.safetensors');
  const { tokens, labels } = goldenBatches(model)['ragged']!;
  const packed = packBatch(
    tokens.map((ids) => Int32Array.from(ids)),
    classifier,
    2,
  );
  const shape = { groups: packed.groups.length, vocabulary: classifier.vocabulary };
  const graph = trainingGraph(classifier, {
    ...shape,
    loss: 'binaryCrossEntropy',
    dropout: false,
    precision,
    scaled: true,
  });
  const session = await device.compile(graph);
  const feeds: Record<string, Tensor> = {};
  const float = (name: string, extents: readonly number[], data: Float32Array): void => {
    feeds[name] = keep(device.tensor('float32', extents, data));
  };
  for (const { name, shape: extents } of graph.parameters) float(name, extents, weights.get(name)!);
  for (const [name, { type, shape: extents, data }] of Object.entries(packed.feeds))
    if (session.inputs.includes(name)) feeds[name] = keep(device.tensor(type, extents, data));
  for (const dim of graph.dims)
    feeds[`dim:${dim}`] = keep(device.tensor('int64', [1], BigInt64Array.of(BigInt(packed.sizes[dim]!))));
  float('targets', [labels.length, 5], Float32Array.from(packed.order.flatMap((text) => labels[text]!)));
  float('lossScale', [], Float32Array.of(1024));
  const results = await session.run(feeds, Object.fromEntries(session.outputs.map((name) => [name, null])));
  session.release();
  Object.values(results).forEach(keep);
  return new Map(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]));
}

const options = { groups: 2, dropout: true, loss: 'binaryCrossEntropy', scaled: true } as const;

describe.each(goldenModels)('the training graph of %s', (model) => {
  const classifier = goldenClassifier(model);
  const shape = { ...options, vocabulary: classifier.vocabulary };

  it.each([false, true])('has its products in two bytes, and casts nothing twice (again: %s)', (again) => {
    const recorded = trainingGraph(classifier, { ...shape, checkpointing: again });
    const mixed = trainingGraph(classifier, { ...shape, checkpointing: again, precision: 'float16' });
    const { nodes } = mixed.graph;
    for (const { op, inputs, outputs } of nodes.filter(({ op }) => products.includes(op)))
      for (const value of [...inputs, ...outputs]) expect(value?.type, op).toBe('float16');
    const producers = new Map(nodes.flatMap((node) => node.outputs.map(({ name }) => [name, node] as const)));
    const casts = nodes.filter(({ op, inputs }) => op === 'Cast' && inputs[0]!.type.startsWith('float'));
    const made = casts.map(({ inputs, outputs }) => `${inputs[0]!.name} ${outputs[0]!.type}`);
    expect(new Set(made).size).toBe(made.length);
    for (const { inputs } of casts) {
      const before = producers.get(inputs[0]!.name);
      expect(before?.op === 'Cast' && before.inputs[0]!.type.startsWith('float')).toBe(false);
    }
    const typed = ({ inputs, outputs }: Pick<Graph, 'inputs' | 'outputs'>): string[] =>
      [...inputs, ...outputs.map(({ name, value }): Value => ({ ...value, name }))].map(
        ({ name, type }) => `${name} ${type}`,
      );
    expect(typed(mixed.graph)).toEqual(typed(recorded.graph));
  });

  it('is one that ONNX Runtime takes in bfloat16 but for kernels of the processor', async () => {
    // Types are inferred and checked before kernels are looked for.
    const model = modelBytes(trainingGraph(classifier, { ...shape, precision: 'bfloat16' }));
    await expect(openRuntime().createSession(model, { threads: 1 })).rejects.toThrow(
      /Could not find an implementation/,
    );
  });

  it.each([
    // One rounding takes up to 2⁻¹² and 2⁻⁹ of a number.
    ['float16', 5e-4, 1e-2],
    ['bfloat16', 5e-3, 8e-2],
  ] as const)(
    'gives loss and gradients in %s that are those in float32 but for its rounding',
    async (...row) => {
      const [precision, ofLoss, ofGradients] = row;
      const expected = await backward(model, 'float32');
      const found = await backward(model, precision);
      expect([...found.keys()]).toEqual([...expected.keys()]);
      // Of all gradients together, since small ones are differences of larger ones. Those of ReLU jump at 0.
      const bound = model === 'electra-2' ? 5 * ofGradients : ofGradients;
      let [apart, length] = [0, 0];
      for (const [name, values] of expected)
        values.forEach((value, i) => {
          apart += (value - found.get(name)![i]!) ** 2;
          length += value ** 2;
        });
      expect(Math.abs(found.get('loss')![0]! - expected.get('loss')![0]!)).toBeLessThan(ofLoss);
      expect(Math.sqrt(apart / length)).toBeLessThan(bound);
    },
  );
});
