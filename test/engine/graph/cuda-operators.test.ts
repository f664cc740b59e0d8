import { describe, expect, it } from 'vitest';
import { useCudaOperators } from '../../../engine/graph/cuda-operators.js';
import { Graph } from '../../../engine/graph/graph.js';
import * as node from '../../../engine/graph/nodes.js';
import { toOnnx } from '../../../engine/graph/onnx.js';
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
