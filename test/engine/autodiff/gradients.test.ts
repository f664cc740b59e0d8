import { describe, expect, it } from 'vitest';
import { gradients } from '../../../engine/autodiff/gradients.js';
import type { Value } from '../../../engine/graph/graph.js';
import { Graph } from '../../../engine/graph/graph.js';
import * as node from '../../../engine/graph/nodes.js';
import { toOnnx } from '../../../engine/graph/onnx.js';
import type { Shape } from '../../../engine/graph/shape.js';
import { tanh } from '../../../engine/ops/activations.js';
import { add, dropout, multiply, subtract } from '../../../engine/ops/arithmetic.js';
import { lookup, split } from '../../../engine/ops/layout.js';
import { simpleOp } from '../../../engine/ops/op.js';
import { Tape } from '../../../engine/ops/tape.js';
import { openRuntime } from '../../../engine/runtime/open.js';

/** Σ x, the loss of these examples: every entry has the gradient 1. */
const total = simpleOp<'x'>({
  name: 'total',
  forward: (g, { x }) =>
    node.reduceSum(
      g,
      x,
      x.shape.map((_, axis) => axis),
      false,
    ),
  gradient: { x: ({ dy }) => dy },
});

/** Builds a loss of inputs a and b, and gives the gradients' numbers by name. */
async function differentiate(
  inputs: Readonly<Record<string, readonly [shape: readonly number[], data: readonly number[]]>>,
  loss: (tape: Tape, values: Readonly<Record<string, Value>>) => Value,
): Promise<Record<string, { shape: Shape; data: number[] }>> {
  const graph = new Graph();
  const tape = new Tape(graph);
  const values = Object.fromEntries(
    Object.entries(inputs).map(([name, [shape]]) => [name, graph.input(name, 'float32', shape)]),
  );
  const found = gradients(tape, loss(tape, values), Object.values(values));
  for (const [name, gradient] of found) {
    if (gradient.kind === 'dense') graph.output(`gradient:${name}`, gradient.value);
  }
  const runtime = openRuntime();
  const session = await runtime.createSession(toOnnx(graph, 'test'), { threads: 1 });
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, [shape, data]]) => [
      name,
      runtime.tensor('float32', shape, Float32Array.from(data)),
    ]),
  );
  const results = await session.run(feeds, Object.fromEntries(session.outputs.map((name) => [name, null])));
  const numbers = Object.fromEntries(
    Object.entries(results).map(([name, { shape, data }]) => [
      name.replace('gradient:', ''),
      { shape, data: Array.from(data as Float32Array) },
    ]),
  );
  [...Object.values(feeds), ...Object.values(results)].forEach((tensor) => tensor.release());
  session.release();
  return numbers;
}

describe('the reverse walk', () => {
  it('sums the gradients of a value that is used twice', async () => {
    // L = Σ(a² + a): dL/da = 2a + 1
    const { a } = await differentiate({ a: [[2], [3, -1]] }, (tape, { a }) => {
      const x = a as Value;
      const square = tape.apply(multiply, { a: x, b: x });
      return tape.apply(total, { x: tape.apply(add, { a: square, b: x }) });
    });
    expect(a).toEqual({ shape: [2], data: [7, -1] });
  });

  it('sums over both ways when they part and meet again', async () => {
    // L = Σ(a·b − b), a reached over one way, b over two
    const { a, b } = await differentiate({ a: [[2], [3, 4]], b: [[2], [5, 6]] }, (tape, { a, b }) => {
      const product = tape.apply(multiply, { a: a as Value, b: b as Value });
      return tape.apply(total, { x: tape.apply(subtract, { a: product, b: b as Value }) });
    });
    expect(a?.data).toEqual([5, 6]);
    expect(b?.data).toEqual([2, 3]);
  });

  it.each<[readonly number[], number[]]>([
    [[3], [5, 7, 9]],
    [
      [1, 3],
      [5, 7, 9],
    ],
    [
      [2, 1],
      [6, 15],
    ],
    [[1, 1], [21]],
    [[], [21]],
    [[1], [21]],
  ])('undoes the broadcasting of shape %j', async (shape, expected) => {
    const count = shape.reduce((product, dim) => product * dim, 1);
    const { b } = await differentiate(
      {
        a: [
          [2, 3],
          [1, 2, 3, 4, 5, 6],
        ],
        b: [shape, new Array<number>(count).fill(2)],
      },
      (tape, { a, b }) => tape.apply(total, { x: tape.apply(multiply, { a: a as Value, b: b as Value }) }),
    );
    expect(b).toEqual({ shape, data: expected });
  });

  it('gives nothing to inputs whose rule is null, and does not walk there', () => {
    const graph = new Graph();
    const tape = new Tape(graph);
    const [x, mask] = [graph.input('x', 'float32', [2]), graph.input('mask', 'float32', [2])];
    const masked = tape.apply(dropout, { x, mask: tape.apply(tanh, { x: mask }) });
    const found = gradients(tape, tape.apply(total, { x: masked }), [x]);
    expect([...found.keys()]).toEqual(['x']);
    expect(() => gradients(tape, tape.apply(total, { x: masked }), [mask])).toThrow(
      "parameter 'mask' does not reach the loss",
    );
  });
});

describe('the walk refuses', () => {
  const setUp = () => {
    const graph = new Graph();
    const tape = new Tape(graph);
    const table = graph.input('table', 'float32', [4, 2]);
    const ids = graph.input('ids', 'int64', ['tokens']);
    return { graph, tape, table, rows: tape.apply(lookup, { table, ids }), ids };
  };

  it('a parameter that does not reach the loss', () => {
    const { graph, tape, table, rows } = setUp();
    const idle = graph.input('idle', 'float32', [2]);
    tape.apply(tanh, { x: idle });
    const loss = tape.apply(total, { x: rows });
    expect(() => gradients(tape, loss, [table, idle])).toThrow("parameter 'idle' does not reach the loss");
  });

  it('a table that is looked up twice', () => {
    const { tape, table, rows, ids } = setUp();
    const again = tape.apply(lookup, { table, ids });
    const loss = tape.apply(total, { x: tape.apply(add, { a: rows, b: again }) });
    expect(() => gradients(tape, loss, [table])).toThrow("table 'table' is looked up twice");
  });

  it('a parameter that is table and tensor', () => {
    const { tape, table, rows } = setUp();
    const a = tape.apply(total, { x: rows });
    const b = tape.apply(total, { x: table });
    const loss = tape.apply(add, { a, b });
    expect(() => gradients(tape, loss, [table])).toThrow("parameter 'table' is both table and tensor");
  });

  it.each([0, 1])('an op of which only result %i of two is used', (place) => {
    const graph = new Graph();
    const tape = new Tape(graph);
    const x = graph.input('x', 'float32', [2, 2]);
    const parts = tape.applyAll(split, { x }, { axis: 0, sizes: [1, 1] });
    const used = tape.apply(total, { x: parts[place] as Value });
    const loss = tape.apply(add, { a: used, b: tape.apply(total, { x }) });
    expect(() => gradients(tape, loss, [x])).toThrow('split: a result is not used');
  });

  it('nothing of a table that is looked up once: its gradient is the rows and their ids', () => {
    const { tape, table, rows, ids } = setUp();
    const found = gradients(tape, tape.apply(total, { x: tape.apply(tanh, { x: rows }) }), [table]);
    expect(found.get('table')).toMatchObject({ kind: 'rows', ids, rows: { shape: ['tokens', 2] } });
  });
});
