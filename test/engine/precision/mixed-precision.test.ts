import { describe, expect, it } from 'vitest';
import { Graph, type Node, type Value } from '../../../engine/graph/graph.js';
import * as node from '../../../engine/graph/nodes.js';
import { openDevice } from '../../../engine/device/open.js';
import { programOf } from '../../../engine/device/program.js';
import { useMixedPrecision } from '../../../engine/precision/mixed-precision.js';
import type { HalfPrecision } from '../../../engine/precision/precision.js';

interface Recorded {
  readonly graph: Graph;
  readonly x: Value;
  readonly y: Value;
  readonly mask: Value;
  readonly weight: Value;
}

/** With inputs x, y and mask that are fed, and a weight, each `[2, 2]`. */
function recorded(build: (inputs: Recorded) => Value, half: HalfPrecision = 'float16', wide: Value[] = []) {
  const graph = new Graph();
  const [x, y, mask, weight] = ['x', 'y', 'mask', 'weight'].map((name) =>
    graph.input(name, 'float32', [2, 2]),
  ) as [Value, Value, Value, Value];
  graph.output('result', build({ graph, x, y, mask, weight }));
  useMixedPrecision(graph, { half, weights: new Set(['weight']), wide });
  return graph;
}

/** Operators and what each gives, in their order. */
const told = ({ nodes }: Graph): string[] =>
  nodes.map(({ op, outputs }: Node) => `${op} ${outputs[0]!.type}`);

const product = (g: Graph, x: Value, y: Value): Value => node.matMul(g, x, y);

describe('a graph in mixed precision', () => {
  it('casts what goes into a product, and what comes out at the end', () => {
    const graph = recorded(({ graph: g, x, weight }) => product(g, x, weight));
    expect(told(graph)).toEqual(['Cast float16', 'Cast float16', 'MatMul float16', 'Cast float32']);
    expect(graph.outputs[0]!.value.type).toBe('float32');
    expect(graph.inputs.map(({ type }) => type)).toEqual(Array(4).fill('float32'));
  });

  it('casts a weight once, however often it is used', () => {
    const graph = recorded(({ graph: g, x, weight }) => product(g, product(g, x, weight), weight));
    expect(told(graph).filter((each) => each === 'Cast float16')).toHaveLength(2);
  });

  it('leaves what lies between two products in two bytes', () => {
    const graph = recorded(({ graph: g, x, y, weight }) => {
      const [left, right] = [product(g, x, weight), product(g, y, weight)];
      return product(g, node.transpose(g, node.add(g, left, node.relu(g, right)), [1, 0]), weight);
    });
    expect(told(graph).slice(-5)).toEqual([
      'Relu float16',
      'Add float16',
      'Transpose float16',
      'MatMul float16',
      'Cast float32',
    ]);
  });

  it('adds in float32 where one of the two is, as at a residual', () => {
    const graph = recorded(({ graph: g, x, y, weight }) =>
      node.add(g, product(g, x, weight), node.tanh(g, y)),
    );
    expect(told(graph).slice(-3)).toEqual(['Tanh float32', 'Cast float32', 'Add float32']);
  });

  it('adds what is fed in float32, and multiplies by it in what there is', () => {
    const graph = recorded(({ graph: g, x, y, mask, weight }) =>
      node.add(g, node.mul(g, product(g, x, weight), mask), y),
    );
    expect(told(graph).slice(-4)).toEqual(['Cast float16', 'Mul float16', 'Cast float32', 'Add float32']);
  });

  it('multiplies by a mask in float32 on the way back where it did so on the way forward', () => {
    const graph = recorded(({ graph: g, x, mask, weight }) => {
      const dropped = node.mul(g, node.softmax(g, x), mask);
      return node.mul(g, product(g, dropped, weight), mask);
    });
    expect(told(graph).slice(1)).toEqual([
      'Mul float32',
      'Cast float16',
      'Cast float16',
      'MatMul float16',
      'Cast float32',
      'Mul float32',
    ]);
  });

  it.each([
    ['that two bytes hold, in two bytes', 0.5, ['Mul float16', 'Cast float32']],
    ['that they would round, in float32', Math.SQRT1_2, ['Cast float32', 'Mul float32']],
    ['that is beyond them, in float32', -1e9, ['Cast float32', 'Mul float32']],
    ['that is below them, in float32', 2 ** -30, ['Cast float32', 'Mul float32']],
  ])('multiplies by a number %s', (_, number, expected) => {
    const graph = recorded(({ graph: g, x, weight }) =>
      node.mul(g, product(g, x, weight), node.scalar(g, number)),
    );
    expect(told(graph).slice(-2)).toEqual(expected);
    expect(graph.initializers.some(({ value }) => value.type === 'float16')).toBe(number === 0.5);
  });

  it('casts before what only moves entries to products, once for all of them', () => {
    const graph = recorded(({ graph: g, x, weight }) => {
      const wide = node.softmax(g, x);
      const moved = node.transpose(g, wide, [1, 0]);
      return node.add(g, product(g, moved, weight), product(g, wide, weight));
    });
    expect(told(graph)).toEqual([
      'Softmax float32',
      'Cast float16',
      'Transpose float16',
      'Cast float16',
      'MatMul float16',
      'MatMul float16',
      'Add float16',
      'Cast float32',
    ]);
  });

  it('goes on in float32 behind a value that is to be wide', () => {
    const graph = new Graph();
    const [x, y] = ['x', 'y'].map((name) => graph.input(name, 'float32', [2, 2])) as [Value, Value];
    const logits = product(graph, x, y);
    graph.output('loss', node.mul(graph, node.relu(graph, logits), y));
    useMixedPrecision(graph, { half: 'float16', weights: new Set(), wide: [logits] });
    expect(told(graph).slice(-4)).toEqual(['MatMul float16', 'Cast float32', 'Relu float32', 'Mul float32']);
  });

  it('in bfloat16 has bfloat16 in the place of float16', () => {
    const graph = recorded(({ graph: g, x, weight }) => product(g, x, weight), 'bfloat16');
    expect(told(graph)).toEqual(['Cast bfloat16', 'Cast bfloat16', 'MatMul bfloat16', 'Cast float32']);
  });

  it('is refused with an operator that nobody has decided about', () => {
    const build = ({ graph: g, x }: Recorded): Value =>
      g.node('Softsign', [x], [{ type: 'float32', shape: [2, 2] }])[0]!;
    expect(() => recorded(build)).toThrow(/what Softsign computes in/);
  });

  it('rounds what goes into a product, and what comes out of it, to float16', async () => {
    const graph = recorded(({ graph: g, x, weight }) => product(g, x, weight));
    const device = await openDevice('cpu', { threads: 1 });
    const session = await device.compile(programOf(graph, 'product'));
    const float = (...values: number[]) => device.tensor('float32', [2, 2], Float32Array.from(values));
    // 2¹¹ + 1 is no float16, neither fed nor as 3·683; and 2048·683 is beyond all.
    const feeds = {
      x: float(2049, 0, 3, 0),
      weight: float(1, 683, 0, 0),
      y: float(0, 0, 0, 0),
      mask: float(0, 0, 0, 0),
    };
    const { result } = await session.run(feeds, { result: null });
    expect([...result!.data]).toEqual([2048, Infinity, 3, 2048]);
    for (const each of [...Object.values(feeds), result!, session, device]) each.release();
  });
});
