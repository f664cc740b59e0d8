import { describe, expect, it } from 'vitest';
import { lowered } from '../../../engine/device/cuda/lowered.js';
import { dimsOf, programOf } from '../../../engine/device/program.js';
import { useCudaOperators } from '../../../engine/graph/cuda-operators.js';
import { Graph, type Value } from '../../../engine/graph/graph.js';
import * as node from '../../../engine/graph/nodes.js';
import { toOnnx } from '../../../engine/graph/onnx.js';
import type { Dim, Shape } from '../../../engine/graph/shape.js';
import { normal } from '../../../engine/kernels/philox.js';
import { layerNorm } from '../../../engine/ops/normalization.js';
import { linear } from '../../../engine/ops/products.js';
import { skew } from '../../../engine/ops/skew.js';
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

  it('is no choice of numbers that is cast to whole ones', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [5]);
    const [positive] = graph.node('Greater', [x, node.scalar(graph, 0)], [{ type: 'bool', shape: [5] }]);
    const factors = [1.25, 0].map((factor) => node.scalar(graph, factor));
    const [chosen] = graph.node('Where', [positive!, ...factors], [{ type: 'float32', shape: [5] }]);
    graph.output('y', node.cast(graph, chosen!, 'int64'));
    const lowered = graph.copy();
    useCudaOperators(lowered);
    expect(await computed(lowered, [5])).toEqual(await computed(graph, [5]));
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

/** Constants of random numbers. */
function random(graph: Graph, shape: readonly number[], seed: number): Value {
  const count = shape.reduce((a, b) => a * b, 1);
  return graph.constant('float32', shape, [...normal(count, [1, seed], [4, 0, 0])]);
}

/** Holds the output `y` of what CUDA is given to that of the graph as it was recorded. @returns the operators */
async function lowersTo(
  graph: Graph,
  shape: readonly number[],
  sizes: Readonly<Record<string, number>> = {},
): Promise<string[]> {
  const lowered = graph.copy();
  useCudaOperators(lowered);
  const [expected, found] = [await computed(graph, shape, sizes), await computed(lowered, shape, sizes)];
  expect(found.shape).toEqual(expected.shape);
  const largest = expected.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  expect(largest).toBeGreaterThan(0);
  const farthest = expected.data.reduce(
    (most, value, place) => Math.max(most, Math.abs(found.data[place]! - value)),
    0,
  );
  expect(farthest).toBeLessThan(3e-6 * largest);
  return opsOf(lowered).filter((op) => op !== 'Reshape');
}

/** The numbers of several values one behind the other. */
function flat(graph: Graph, values: readonly Value[]): Value {
  const counts = values.map(({ shape }) => shape.reduce<number>((product, dim) => product * Number(dim), 1));
  const rows = values.map((value, place) => node.reshape(graph, value, [counts[place]!]));
  return node.concat(
    graph,
    rows,
    0,
    counts.reduce((a, b) => a + b),
  );
}

/** An input, and the factors of a dropout that keeps what is positive of it. */
function droppedInput(graph: Graph): { readonly x: Value; readonly mask: Value } {
  const x = graph.input('x', 'float32', [4, 3]);
  const [kept] = graph.node('Greater', [x, node.scalar(graph, 0)], [{ type: 'bool', shape: [4, 3] }]);
  const [mask] = graph.node(
    'Where',
    [kept!, node.scalar(graph, 1.25), node.scalar(graph, 0)],
    [{ type: 'float32', shape: [4, 3] }],
  );
  return { x, mask: mask! };
}

/** Dropout of positions for each layer, what linear layers make of it by distance, and all gradients. */
function projectedPositions(layers: number, sides: number): Graph {
  const graph = new Graph();
  const x = graph.input('x', 'float32', [5, 6]);
  const seeds = Array.from({ length: 100 }, (_, seed) => seed);
  const next = (...shape: number[]): Value => random(graph, shape, seeds.shift()!);
  const spreads = [next(8, 5), next(8, 5)];
  const turned = (value: Value): Value => node.transpose(graph, value, [1, 0, 2]);
  const gradientsOfX: Value[] = [];
  const others: Value[] = [];
  for (let layer = 0; layer < layers; layer++) {
    const kept = graph.constant(
      'bool',
      [5, 6],
      Array.from({ length: 30 }, (_, place) => Number((place + layer) % 7 > 1)),
    );
    const factors = [1.25, 0].map((factor) => node.scalar(graph, factor));
    const [mask] = graph.node('Where', [kept, ...factors], [{ type: 'float32', shape: [5, 6] }]);
    const dropped = node.mul(graph, x, mask!);
    const ofSides = spreads.slice(0, sides).map((spread) => {
      const inputs = { x: dropped, weight: next(6, 6), bias: next(6) };
      const { outputs } = linear.forward(graph, inputs, undefined);
      const byHead = turned(node.reshape(graph, node.matMul(graph, spread, outputs[0]!), [8, 2, 3]));
      const scores = node.matMul(graph, next(2, 4, 3), byHead, { transposeB: true });
      const back = node.matMul(graph, node.mul(graph, scores, scores), next(2, 4, 3), { transposeA: true });
      const rows = node.reshape(graph, turned(back), [8, 6]);
      const dy = node.matMul(graph, spread, rows, { transposeA: true });
      const context = { graph, inputs, outputs, attributes: undefined, saved: undefined };
      const rules = linear.gradient as Record<string, (of: object) => Value>;
      const [dx, dw, db] = ['x', 'weight', 'bias'].map((name) =>
        rules[name]!({ ...context, upstream: [dy], dy }),
      );
      others.push(scores, dw!, db!);
      return dx!;
    });
    gradientsOfX.push(
      node.mul(
        graph,
        ofSides.reduce((a, b) => node.add(graph, a, b)),
        mask!,
      ),
    );
  }
  const ofX = gradientsOfX.reduce((a, b) => node.add(graph, a, b));
  graph.output('y', flat(graph, [ofX, ...others]));
  return graph;
}

describe('what takes fewer launches on CUDA', () => {
  it('is what is dropped: 0 where it is, and the factor is that of the product before', async () => {
    const graph = new Graph();
    const { x, mask } = droppedInput(graph);
    const y = node.gemm(graph, x, random(graph, [3, 3], 1), random(graph, [3], 2));
    graph.output('y', node.mul(graph, y, mask));
    expect(await lowersTo(graph, [4, 3])).toEqual(['Greater', 'Gemm', 'Where']);
  });

  it('or of the products behind, if nothing else takes it', async () => {
    const products = (others: boolean): Graph => {
      const graph = new Graph();
      const { x, mask } = droppedInput(graph);
      const dropped = node.mul(graph, x, mask);
      const y = node.gemm(graph, dropped, random(graph, [3, 3], 1), random(graph, [3], 2));
      graph.output('y', others ? node.add(graph, y, dropped) : y);
      return graph;
    };
    expect(await lowersTo(products(false), [4, 3])).toEqual(['Greater', 'Where', 'Gemm']);
    expect(await lowersTo(products(true), [4, 3])).toEqual(['Greater', 'Where', 'Mul', 'Gemm', 'Add']);
  });

  it('is what is chosen from several times and cast: it is cast once, before', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [4, 3]);
    const dropped = [0, 0.5].map((least) => {
      const [kept] = graph.node('Greater', [x, node.scalar(graph, least)], [{ type: 'bool', shape: [4, 3] }]);
      const choice = [kept!, x, node.scalar(graph, least)];
      const [chosen] = graph.node('Where', choice, [{ type: 'float32', shape: [4, 3] }]);
      return node.cast(graph, chosen!, 'float16');
    });
    graph.output('y', node.cast(graph, node.add(graph, dropped[0]!, dropped[1]!), 'float32'));
    const expected = await computed(graph, [4, 3]);
    useCudaOperators(graph);
    expect(opsOf(graph).toSorted()).toEqual(['Add', 'Cast', 'Cast', 'Greater', 'Greater', 'Where', 'Where']);
    expect(await computed(graph, [4, 3])).toEqual(expected);
  });

  it('is a sum of sums of one shape', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [4, 3]);
    const terms = Array.from({ length: 10 }, (_, seed) => node.mul(graph, x, random(graph, [4, 3], seed)));
    const sum = terms.reduce((a, b) => node.add(graph, a, b));
    graph.output('y', node.add(graph, sum, random(graph, [3], 11)));
    const ops = await lowersTo(graph, [4, 3]);
    expect(ops.filter((op) => op !== 'Mul')).toEqual(['Sum', 'Sum', 'Add']);
  });

  it('is the gradient of a layer norm', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [5, 8]);
    const inputs = { x, scale: random(graph, [8], 1), bias: random(graph, [8], 2) };
    const attributes = { epsilon: 1e-5 };
    const { outputs, saved } = layerNorm.forward(graph, inputs, attributes);
    const dy = random(graph, [5, 8], 3);
    const context = { graph, inputs, outputs, attributes, saved, upstream: [dy], dy };
    const rules = layerNorm.gradient as Record<string, (of: typeof context) => Value>;
    const gradients = ['x', 'scale'].map((name) => rules[name]!(context));
    graph.output('y', flat(graph, gradients));
    const ops = await lowersTo(graph, [5, 8]);
    expect(ops.filter((op) => op === 'Mul').length).toBe(4);
    expect(ops.filter((op) => op === 'Sub').length).toBe(2);
    expect(ops.filter((op) => op.startsWith('Reduce'))).toEqual([]);
  });

  it('is rows by heads, masked or not, and back', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', ['tokens', 6]);
    const index = graph.constant('int64', [4], [2, 0, 1, 1]);
    const back = graph.constant('int64', [3], [1, 2, 0]);
    const mask = graph.constant('float32', [4, 1], [1, 1, 1, 0]);
    const turned = (rows: Value): Value =>
      node.transpose(graph, node.reshape(graph, rows, [4, 2, 3]), [1, 0, 2]);
    const [plain, masked] = [0, 1].map((which) => {
      const rows = node.gather(graph, x, index);
      return turned(which === 0 ? rows : node.mul(graph, rows, mask));
    }) as [Value, Value];
    const sum = node.add(graph, node.sub(graph, plain, masked), random(graph, [2, 4, 3], 1));
    const there = node.reshape(graph, node.transpose(graph, sum, [1, 0, 2]), [4, 6]);
    graph.output('y', node.neg(graph, node.gather(graph, there, back)));
    const ops = await lowersTo(graph, [3, 6], { tokens: 3 });
    expect(ops).not.toContain('Transpose');
  });

  it('is rows by heads that products take: they lie as they do', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [4, 2, 3]);
    const turned = node.transpose(graph, x, [1, 0, 2]);
    const queries = node.matMul(graph, random(graph, [2, 5, 3], 1), turned, { transposeB: true, alpha: 0.5 });
    const back = node.matMul(graph, queries, turned);
    const others = node.matMul(graph, turned, random(graph, [2, 3, 2], 2));
    graph.output('y', flat(graph, [queries, back, others]));
    expect(await lowersTo(graph, [4, 2, 3])).toEqual([
      ...['FusedMatMul', 'FusedMatMul', 'FusedMatMul', 'Concat'],
    ]);
  });

  it('are turned where something else takes them, too', async () => {
    const graph = new Graph();
    const turned = node.transpose(graph, graph.input('x', 'float32', [4, 2, 3]), [1, 0, 2]);
    const products = node.matMul(graph, random(graph, [2, 5, 4], 1), turned);
    graph.output('y', flat(graph, [products, turned]));
    expect(await lowersTo(graph, [4, 2, 3])).toEqual(['Transpose', 'MatMul', 'Concat']);
  });

  // Of the last there are more entries than float32 has whole numbers.
  it.each([
    [1, 3],
    [2, 3],
    [5, 3],
    [2_900, 1],
  ])('is a window of %d positions that is read and written, turned or not', async (length, count) => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', ['n', 'T', '2T']);
    const dims = {
      length: 'T',
      window: '2T',
      diagonal: '2T-1',
      before: 'T-1',
      area: 'T*2T',
      skewedArea: 'T*(2T-1)',
      skewedEnd: 'end',
    } satisfies Record<string, Dim>;
    const read = (turned: boolean): Value => {
      const { outputs } = skew.forward(graph, { x }, dims);
      return turned ? node.transpose(graph, outputs[0]!, [0, 2, 1]) : outputs[0]!;
    };
    const squares = node.add(graph, read(false), node.mul(graph, read(true), node.scalar(graph, 2)));
    const written = (turned: boolean): Value => {
      const dy = turned ? node.transpose(graph, squares, [0, 2, 1]) : squares;
      const context = { graph, inputs: { x }, outputs: [], attributes: dims, saved: undefined };
      const { x: rule } = skew.gradient;
      if (rule === null || rule === 'rows') throw new TypeError('no rule');
      return rule({ ...context, upstream: [dy], dy });
    };
    graph.output('y', node.sub(graph, written(false), node.mul(graph, written(true), node.scalar(graph, 3))));
    const diagonal = 2 * length - 1;
    const sizes = {
      n: count,
      T: length,
      '2T': 2 * length,
      '2T-1': diagonal,
      'T-1': length - 1,
      'T*2T': 2 * length ** 2,
      'T*(2T-1)': length * diagonal,
      end: length - 1 + length * diagonal,
    };
    const ops = await lowersTo(graph, [count, length, 2 * length], sizes);
    expect(ops.filter((op) => op === 'Gather').length).toBe(4);
  });

  it('is sums over rows that nobody waits for: of a stack of the matrices', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', ['rows', 7]);
    const sums = Array.from({ length: 5 }, (_, seed) =>
      node.reduceSum(graph, node.mul(graph, x, random(graph, [7], seed)), [0], false),
    );
    graph.output('y', node.add(graph, flat(graph, sums), node.scalar(graph, 1)));
    const ops = await lowersTo(graph, [6, 7], { rows: 6 });
    expect(ops.filter((op) => op === 'MatMul').length).toBe(1);
  });

  it('is what is cast for such sums: the stack is', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', ['rows', 7]);
    const sums = Array.from({ length: 5 }, (_, seed) => {
      const half = node.cast(graph, node.mul(graph, x, random(graph, [7], seed)), 'float16');
      return node.reduceSum(graph, node.cast(graph, half, 'float32'), [0], false);
    });
    graph.output('y', node.neg(graph, flat(graph, sums)));
    const ops = await lowersTo(graph, [6, 7], { rows: 6 });
    // Of each product, and of the stack.
    expect(ops.filter((op) => op === 'Cast').length).toBe(5 + 1);
  });

  it('is three linear layers of one input, forward and backward', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [5, 4]);
    const layers = [1, 2, 3].map((seed) => ({
      x,
      weight: random(graph, [3, 4], seed),
      bias: random(graph, [3], 10 + seed),
    }));
    const gradients = layers.map((inputs, place) => {
      const { outputs } = linear.forward(graph, inputs, undefined);
      const dy = node.mul(graph, outputs[0]!, random(graph, [5, 3], 20 + place));
      const context = { graph, inputs, outputs, attributes: undefined, saved: undefined };
      const rules = linear.gradient as Record<string, (of: object) => Value>;
      return ['x', 'weight', 'bias'].map((name) => rules[name]!({ ...context, upstream: [dy], dy }));
    });
    const ofInput = gradients.map(([each]) => each!).reduce((a, b) => node.add(graph, a, b));
    graph.output('y', flat(graph, [ofInput, ...gradients.flatMap((each) => each.slice(1))]));
    const ops = await lowersTo(graph, [5, 4]);
    expect(ops.filter((op) => op === 'Gemm').length).toBe(3);
    expect(ops.filter((op) => op === 'Add' || op === 'Sum')).toEqual([]);
  });

  it.each([1, 2])(
    'is what layers project of positions, forward and backward, by %d weights each',
    async (sides) => {
      for (const layers of [2, 3, 5]) {
        const ops = await lowersTo(projectedPositions(layers, sides), [5, 6]);
        const isTogether = layers > 2;
        expect(ops.filter((op) => op === 'Where').length).toBe(isTogether ? 2 : 2 * layers);
        expect(ops.filter((op) => op === 'Gemm').length).toBe(isTogether ? 0 : 3 * layers * sides);
      }
    },
  );

  it('is a stack of parts of splits, and of sums', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [8, 3]);
    const halves = [0, 1].map((which) => node.mul(graph, x, random(graph, [8, 3], which)));
    const parts = halves.flatMap((half) => node.split(graph, half, 0, [2, 2, 2, 2]));
    const sums = parts.map((part, place) =>
      place === 3 ? part : node.add(graph, random(graph, [2, 3], 30 + place), part),
    );
    graph.output('y', node.neg(graph, node.concat(graph, sums, 0, 16)));
    expect(await lowersTo(graph, [8, 3])).toEqual(['Mul', 'Mul', 'Concat', 'Expand', 'Concat', 'Add', 'Neg']);
  });

  it('is neighbouring parts of a split', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [6, 3]);
    const parts = node.split(graph, x, 0, [1, 1, 1, 1, 1, 1]);
    const lower = node.concat(graph, parts.slice(3), 0, 3);
    graph.output('y', node.add(graph, lower, parts[0]!));
    expect(await lowersTo(graph, [6, 3])).toEqual(['Split', 'Split', 'Add']);
  });
});
