import * as binding from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { Graph } from '../../../engine/graph/graph.js';
import * as node from '../../../engine/graph/nodes.js';
import { toOnnx } from '../../../engine/graph/onnx.js';

/** Runs a graph through the package's own binding: a reader that is not ours. */
async function run(
  graph: Graph,
  feeds: Readonly<Record<string, readonly [type: 'float32' | 'int64', shape: number[], data: number[]]>>,
  early = false,
): Promise<Record<string, { shape: readonly number[]; data: number[] }>> {
  const session = await binding.InferenceSession.create(toOnnx(graph, 'test', early), {
    intraOpNumThreads: 1,
  });
  const tensors = Object.entries(feeds).map(([name, [type, shape, data]]) => [
    name,
    type === 'float32'
      ? new binding.Tensor(type, Float32Array.from(data), shape)
      : new binding.Tensor(type, BigInt64Array.from(data, BigInt), shape),
  ]);
  const results = await session.run(Object.fromEntries(tensors) as Record<string, binding.Tensor>);
  await session.release();
  return Object.fromEntries(
    Object.entries(results).map(([name, { dims, data }]) => [
      name,
      { shape: dims, data: Array.from(data as Float32Array, Number) },
    ]),
  );
}

describe('a serialised graph', () => {
  it('is the same bytes for the same graph, and others for another constant', () => {
    const make = (factor: number): Uint8Array => {
      const graph = new Graph();
      const x = graph.input('x', 'float32', ['rows', 2]);
      graph.output('y', node.softmax(graph, node.mul(graph, x, node.scalar(graph, factor))));
      return toOnnx(graph, 'test');
    };
    expect(make(2)).toEqual(make(2));
    expect(make(2)).not.toEqual(make(3));
  });

  it('tells its readers the names, types and shapes of inputs and outputs', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', ['rows', 2]);
    const index = graph.input('index', 'int64', ['texts']);
    graph.output('y', node.gather(graph, x, index));
    const session = await binding.InferenceSession.create(toOnnx(graph, 'test'));
    expect(session.inputMetadata).toMatchObject([
      { name: 'x', type: 'float32', shape: ['rows', 2] },
      { name: 'index', type: 'int64', shape: ['texts'] },
    ]);
    expect(session.outputMetadata).toMatchObject([{ name: 'y', type: 'float32', shape: ['texts', 2] }]);
    await session.release();
  });

  it('carries every kind of attribute: numbers, fractions, lists', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [2, 3]);
    const turned = node.transpose(graph, x, [1, 0]);
    graph.output('y', node.matMul(graph, x, turned, { alpha: 0.25 }));
    graph.output('mean', node.reduceMean(graph, x, [1], false));
    const { y, mean } = await run(graph, { x: ['float32', [2, 3], [1, 2, 3, 4, 5, 6]] });
    expect(y?.data).toEqual([3.5, 8, 8, 19.25]);
    expect(mean).toEqual({ shape: [2], data: [2, 5] });
  });

  it('gives a value that is an output twice under both names', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [2]);
    const y = node.neg(graph, x);
    graph.output('first', y);
    graph.output('second', y);
    // The renamed value is still found by the nodes that take it.
    graph.output('after', node.abs(graph, y));
    const results = await run(graph, { x: ['float32', [2], [1, -2]] });
    expect(results['first']?.data).toEqual([-1, 2]);
    expect(results['second']?.data).toEqual([-1, 2]);
    expect(results['after']?.data).toEqual([1, 2]);
  });

  it('gives an input, and a constant, as output', async () => {
    const graph = new Graph();
    graph.output('same', graph.input('x', 'float32', [2]));
    graph.output('one', node.scalar(graph, 1));
    const results = await run(graph, { x: ['float32', [2], [3, 4]] });
    expect(results['same']?.data).toEqual([3, 4]);
    expect(results['one']).toEqual({ shape: [], data: [1] });
  });
});

describe('a graph whose outputs are run early', () => {
  const make = (): Graph => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', ['rows', 2]);
    const y = node.neg(graph, x);
    graph.output('first', node.exp(graph, y));
    node.sqrt(graph, y);
    graph.output('second', node.abs(graph, node.mul(graph, y, y)));
    graph.output('third', node.later(graph, y, x));
    return graph;
  };

  it('has them at the end of the file, those made first last, and nothing that leads to none', () => {
    const [plain, early] = [toOnnx(make(), 'test'), toOnnx(make(), 'test', true)].map((bytes) =>
      Buffer.from(bytes).toString('latin1'),
    );
    expect(plain).toContain('Sqrt');
    expect(early).not.toContain('Sqrt');
    const places = ['third', 'second', 'first'].map((name) => early!.indexOf(name));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(early!.indexOf('Mul')).toBeLessThan(places[0]!);
  });

  it('gives the same results', async () => {
    const results = await run(make(), { x: ['float32', [1, 2], [1, -2]] }, true);
    expect(results).toEqual(await run(make(), { x: ['float32', [1, 2], [1, -2]] }));
    expect(results['third']).toEqual({ shape: [1, 2], data: [-1, 2] });
  });
});

describe('a graph under construction', () => {
  it('refuses a second input or output of one name', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [1]);
    graph.output('y', x);
    expect(() => graph.input('x', 'float32', [1])).toThrow("a second input 'x'");
    expect(() => graph.output('y', x)).toThrow("a second output 'y'");
  });

  it('makes equal constants once, and keeps types and shapes apart', () => {
    const graph = new Graph();
    const one = graph.constant('float32', [1], [1]);
    expect(graph.constant('float32', [1], [1])).toBe(one);
    expect(graph.constant('int64', [1], [1])).not.toBe(one);
    expect(graph.constant('float32', [], [1])).not.toBe(one);
    expect(graph.initializers).toHaveLength(3);
  });
});

describe('a named size', () => {
  it('is one input of the graph, however often it is used', () => {
    const graph = new Graph();
    expect(graph.dim('rows')).toBe(graph.dim('rows'));
    expect(graph.dim(3)).toBe(graph.dim(3));
    expect(graph.inputs.map(({ name }) => name)).toEqual(['dim:rows']);
  });

  it('is needed by no reshape that has one alone', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', ['rows', 6]);
    node.reshape(graph, x, ['rows', 2, 3]);
    expect(graph.inputs.map(({ name }) => name)).toEqual(['x']);
  });

  it('shapes a reshape that has two', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', ['tokens', 2]);
    graph.output('y', node.reshape(graph, x, ['texts', 'length', 2]));
    const { y } = await run(graph, {
      x: ['float32', [6, 2], Array.from({ length: 12 }, (_, i) => i)],
      'dim:texts': ['int64', [1], [2]],
      'dim:length': ['int64', [1], [3]],
    });
    expect(y?.shape).toEqual([2, 3, 2]);
  });

  it('can be given by the graph itself, but not once it is an input', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', ['tokens']);
    const total = node.cast(graph, node.reduceSum(graph, x, [0], true), 'int64');
    graph.bindDim('chosen', total);
    graph.output('y', node.slice(graph, x, 0, 0, 'chosen', 'chosen'));
    expect(graph.inputs.map(({ name }) => name)).toEqual(['x']);
    expect((await run(graph, { x: ['float32', [4], [2, 0, 1, 0]] }))['y']?.data).toEqual([2, 0, 1]);
    expect(() => graph.bindDim('chosen', total)).toThrow("size 'chosen' is already bound");
  });
});
