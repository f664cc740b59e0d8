import { describe, expect, it } from 'vitest';
import { Graph } from '../../../engine/graph/graph.js';
import * as node from '../../../engine/graph/nodes.js';
import { toOnnx } from '../../../engine/graph/onnx.js';
import { feedSizesAsNumbers, sizeNumber } from '../../../engine/graph/size-numbers.js';
import { openRuntime } from '../../../engine/runtime/open.js';
import type { Tensor } from '../../../engine/runtime/runtime.js';

/** x · rows + rows / width, the rows cast twice, and a cast of each kind that is none of a size to float32. */
function sized(): Graph {
  const graph = new Graph();
  const x = graph.input('x', 'float32', ['rows', 'width']);
  const [rows, again, width] = ['rows', 'rows', 'width'].map((dim) =>
    node.cast(graph, graph.dim(dim), 'float32'),
  );
  const scaled = node.mul(graph, x, rows!);
  graph.output('y', node.add(graph, scaled, node.div(graph, again!, width!)));
  graph.output('whole', node.cast(graph, graph.dim('rows'), 'int32'));
  graph.output('half', node.cast(graph, node.cast(graph, x, 'float16'), 'float32'));
  return graph;
}

const castsOf = ({ nodes }: Graph): string[] =>
  nodes.flatMap(({ op, inputs, outputs }) =>
    op === 'Cast' ? [`${inputs[0]!.type} ${outputs[0]!.type}`] : [],
  );

/** @param sizes by the names of inputs */
async function computed(graph: Graph, rows: number, width: number): Promise<Record<string, number[]>> {
  const runtime = openRuntime();
  const session = await runtime.createSession(toOnnx(graph, 'sizes'), { threads: 1 });
  const numbers = Float32Array.from({ length: rows * width }, (_, place) => place / 7 - 1);
  const sizes = Object.entries({ rows, width });
  const known: Record<string, Tensor> = {
    x: runtime.tensor('float32', [rows, width], numbers),
    ...Object.fromEntries(
      sizes.flatMap(([dim, size]) => [
        [`dim:${dim}`, runtime.tensor('int64', [1], BigInt64Array.of(BigInt(size)))],
        [sizeNumber(dim), runtime.tensor('float32', [1], Float32Array.of(size))],
      ]),
    ),
  };
  const feeds = Object.fromEntries(session.inputs.map((name) => [name, known[name]!]));
  const results = await session.run(feeds, { y: null, whole: null, half: null });
  const found = Object.fromEntries(
    Object.entries(results).map(([name, { data }]) => [name, Array.from(data, Number)]),
  );
  for (const each of [session, ...Object.values(known), ...Object.values(results)]) each.release();
  return found;
}

describe('named sizes that a graph computes with', () => {
  it('become one input each, cast or not more than once; other casts stay', () => {
    const graph = sized();
    expect(feedSizesAsNumbers(graph)).toEqual(['rows', 'width']);
    const numbers = graph.inputs.filter(({ name }) => name.startsWith('number:'));
    expect(numbers).toEqual([
      { name: 'number:rows', type: 'float32', shape: [1] },
      { name: 'number:width', type: 'float32', shape: [1] },
    ]);
    expect(castsOf(graph)).toEqual(['int64 int32', 'float32 float16', 'float16 float32']);
  });

  it('are nothing where a graph computes with none', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', ['rows', 'width']);
    graph.output('y', node.expand(graph, node.cast(graph, x, 'float32'), ['rows', 'width']));
    const before = graph.copy();
    expect(feedSizesAsNumbers(graph)).toEqual([]);
    expect([graph.inputs, graph.nodes]).toEqual([before.inputs, before.nodes]);
  });

  it.each([
    [1, 1],
    [3, 2],
    [5, 7],
  ])('give the bits that they gave: %d rows of %d', async (rows, width) => {
    const graph = sized();
    const before = await computed(graph, rows, width);
    feedSizesAsNumbers(graph);
    const after = await computed(graph, rows, width);
    expect(after).toEqual(before);
    expect(after['y']!.length).toBe(rows * width);
    expect(after['y']![0]).toBeCloseTo(-rows + rows / width, 5);
  });

  it('may be outputs as they are cast', async () => {
    const graph = sized();
    graph.outputs.length = 0;
    const rows = node.cast(graph, graph.dim('rows'), 'float32');
    graph.output('y', node.mul(graph, rows, rows));
    graph.output('whole', rows);
    graph.output('half', node.cast(graph, graph.dim('width'), 'float32'));
    const before = await computed(graph, 3, 2);
    feedSizesAsNumbers(graph);
    expect(before).toEqual({ y: [9], whole: [3], half: [2] });
    expect(await computed(graph, 3, 2)).toEqual(before);
  });
});
