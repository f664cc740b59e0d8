import { describe, expect, it } from 'vitest';
import { lowered } from '../../../engine/device/cuda/lowered.js';
import { dimsOf, programOf } from '../../../engine/device/program.js';
import { useCudaOperators } from '../../../engine/graph/cuda-operators.js';
import { Graph } from '../../../engine/graph/graph.js';
import * as node from '../../../engine/graph/nodes.js';
import { toOnnx } from '../../../engine/graph/onnx.js';
import type { Shape } from '../../../engine/graph/shape.js';
import { normal } from '../../../engine/kernels/philox.js';
import { openRuntime } from '../../../engine/runtime/open.js';

describe('operators that CUDA has for no bfloat16', () => {
  it('are computed in float32, and give the same numbers', async () => {
    const runtime = openRuntime();
    const graph = new Graph();
    const x = node.cast(graph, graph.input('x', 'float32', [2]), 'bfloat16');
    const pads = graph.constant('int64', [2], [1, 0]);
    const [padded] = graph.node('Pad', [x, pads], [{ type: 'bfloat16', shape: [3] }]);
    graph.output('y', node.cast(graph, padded!, 'float32'));
    useCudaOperators(graph);
    expect(graph.nodes.filter(({ op }) => op === 'Pad').map(({ outputs }) => outputs[0]!.type)).toEqual([
      'float32',
    ]);
    const session = await runtime.createSession(toOnnx(graph, 'padded'), { threads: 1 });
    // 1.005 has no number of its own in bfloat16: the nearest is 1.0078125.
    const feed = runtime.tensor('float32', [2], Float32Array.of(1.005, -2));
    const { y } = await session.run({ x: feed }, { y: null });
    expect([...y!.data]).toEqual([0, 1.0078125, -2]);
    for (const each of [session, feed, y!]) each.release();
  });

  it('stay as they are in float32', () => {
    const graph = new Graph();
    const pads = graph.constant('int64', [2], [1, 0]);
    graph.output(
      'y',
      graph.node('Pad', [graph.input('x', 'float32', [2]), pads], [{ type: 'float32', shape: [3] }])[0]!,
    );
    const before = [...graph.nodes];
    useCudaOperators(graph);
    expect(graph.nodes).toEqual(before);
  });
});

const opsOf = ({ nodes }: Graph): string[] => nodes.map(({ op }) => op);

/** Values of the output `y`, of an input `x` of numbers. @param sizes named ones */
async function computed(
  graph: Graph,
  shape: readonly number[],
  sizes: Readonly<Record<string, number>> = {},
): Promise<{ shape: readonly number[]; data: number[] }> {
  const runtime = openRuntime();
  const session = await runtime.createSession(toOnnx(graph, 'sums'), { threads: 1 });
  const count = shape.reduce((a, b) => a * b, 1);
  const x = runtime.tensor('float32', shape, Float32Array.from(normal(count, [1, 2], [3, 0, 0])));
  const dims = dimsOf(session.inputs).map(
    (dim) => [`dim:${dim}`, runtime.tensor('int64', [1], BigInt64Array.of(BigInt(sizes[dim]!)))] as const,
  );
  const { y } = await session.run({ x, ...Object.fromEntries(dims) }, { y: null });
  const found = { shape: [...y!.shape], data: Array.from(y!.data, Number) };
  for (const each of [session, x, y!, ...dims.map(([, dim]) => dim)]) each.release();
  return found;
}

const sums: [
  op: 'ReduceSum' | 'ReduceMean',
  shape: Shape,
  axis: number,
  keepdims: 0 | 1,
  products: number,
][] = [
  ['ReduceSum', [5], 0, 0, 1],
  ['ReduceSum', [5, 7], 0, 0, 1],
  ['ReduceSum', [5, 7], 1, 0, 1],
  ['ReduceSum', [5, 7], 1, 1, 1],
  ['ReduceSum', [2, 3, 4], 2, 0, 1],
  ['ReduceSum', [2, 3, 4], 2, 1, 1],
  ['ReduceMean', [5, 7], 1, 1, 1],
  ['ReduceMean', [5, 7], 0, 0, 1],
  ['ReduceSum', ['rows', 7], 0, 0, 1],
  ['ReduceSum', ['rows', 'width', 'width'], 2, 1, 1],
  ['ReduceSum', [1, 1], 0, 0, 1],
  // What stays: an axis between others, one that is kept in front, a mean over a named size, several named sizes.
  ['ReduceSum', [2, 3, 4], 1, 0, 0],
  ['ReduceSum', [5, 7], 0, 1, 0],
  ['ReduceMean', ['rows', 7], 0, 0, 0],
  ['ReduceSum', ['rows', 'width', 7], 2, 0, 0],
  ['ReduceSum', [2, 20_000], 1, 0, 0],
];

describe('sums on CUDA', () => {
  it.each(sums)(
    '%s of %j over axis %d, kept: %d, are products: %d',
    async (op, shape, axis, keepdims, products) => {
      const extents: Readonly<Record<string, number>> = { rows: 6, width: 3 };
      const graph = new Graph();
      const x = graph.input('x', 'float32', shape);
      const reduced = shape.flatMap((dim, each) => (each === axis ? (keepdims === 1 ? [1] : []) : [dim]));
      const axes = graph.constant('int64', [1], [axis]);
      graph.output('y', graph.node(op, [x, axes], [{ type: 'float32', shape: reduced }], { keepdims })[0]!);
      const lowered = graph.copy();
      useCudaOperators(lowered);
      expect(opsOf(lowered).filter((each) => each === 'MatMul').length).toBe(products);
      expect(opsOf(lowered).includes(op)).toBe(products === 0);
      const numbers = shape.map((dim) => (typeof dim === 'string' ? extents[dim]! : dim));
      const [expected, found] = [await computed(graph, numbers), await computed(lowered, numbers, extents)];
      expect(found.shape).toEqual(expected.shape);
      expect(found.data.length).toBe(expected.data.length);
      expected.data.forEach((sum, place) => expect(Math.abs(found.data[place]! - sum)).toBeLessThan(3e-6));
    },
  );

  it('have ones that lie where they are used, and not where sizes do', () => {
    const graph = new Graph();
    graph.output('y', node.reduceSum(graph, graph.input('x', 'float32', ['rows', 7]), [0], false));
    const { onProcessor } = lowered(programOf(graph, 'sums'));
    expect([...onProcessor].map((name) => name.replace(/_.*/, ''))).toEqual(['Concat']);
  });
});

describe('what moves nothing on CUDA', () => {
  it('is left out: reshapes of reshapes, and to the same shape, but for an output', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [4, 3]);
    const [flat, there, back] = [
      node.reshape(graph, x, [12]),
      node.reshape(graph, x, [2, 6]),
      node.reshape(graph, node.reshape(graph, x, [3, 4]), [4, 3]),
    ];
    const again = node.reshape(graph, node.reshape(graph, there, [6, 2]), [12]);
    graph.output('y', node.add(graph, node.mul(graph, flat, again), node.reshape(graph, back, [12])));
    graph.output('same', node.reshape(graph, x, [4, 3]));
    const lowered = graph.copy();
    useCudaOperators(lowered);
    expect(opsOf(lowered)).toEqual(['Reshape', 'Reshape', 'Mul', 'Reshape', 'Add', 'Reshape']);
    expect(await computed(lowered, [4, 3])).toEqual(await computed(graph, [4, 3]));
  });

  it('is a choice of numbers that is cast: the numbers are', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [5]);
    const [positive] = graph.node('Greater', [x, node.scalar(graph, 0)], [{ type: 'bool', shape: [5] }]);
    const factors = [1 / 0.9, 0].map((factor) => node.scalar(graph, factor));
    const [chosen] = graph.node('Where', [positive!, ...factors], [{ type: 'float32', shape: [5] }]);
    const half = node.cast(graph, chosen!, 'float16');
    graph.output('y', node.cast(graph, half, 'float32'));
    const lowered = graph.copy();
    useCudaOperators(lowered);
    expect(opsOf(lowered)).toEqual(['Greater', 'Where', 'Cast']);
    expect(lowered.nodes[1]!.outputs[0]!.type).toBe('float16');
    expect((await computed(lowered, [5])).data).toEqual(
      (await computed(graph, [5])).data.map((value) => (value === 0 ? 0 : 1.111328125)),
    );
  });

  it('is what leads to no output', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [5]);
    node.exp(graph, x);
    graph.output('y', node.neg(graph, x));
    useCudaOperators(graph);
    expect(opsOf(graph)).toEqual(['Neg']);
  });
});
