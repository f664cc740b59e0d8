import { describe, expect, it } from 'vitest';
import { Graph } from '../../../engine/graph/graph.js';
import * as node from '../../../engine/graph/nodes.js';
import { inOrder, prune } from '../../../engine/graph/used-nodes.js';

/** Of a graph `y = −x`, in which x was scaled and shaped for nobody. */
function withUnused(): Graph {
  const graph = new Graph();
  const x = graph.input('x', 'float32', ['rows', 'columns']);
  node.reshape(graph, node.mul(graph, x, node.scalar(graph, 2)), ['columns', 'rows']);
  graph.output('y', node.neg(graph, x));
  return graph;
}

const constants = ({ initializers }: Graph): string[] => initializers.map(({ value }) => value.name);

describe('what leads to no output', () => {
  it('is left out, its constants too, but for the inputs', () => {
    const graph = withUnused();
    prune(graph);
    expect(graph.nodes.map(({ op }) => op)).toEqual(['Neg']);
    expect(constants(graph)).toEqual([]);
    expect(graph.inputs.map(({ name }) => name)).toEqual(['x', 'dim:columns', 'dim:rows']);
  });

  it('is made anew where it is asked for afterwards, by a name that no other has', () => {
    const graph = withUnused();
    const kept = node.scalar(graph, 3);
    graph.output('z', node.mul(graph, graph.outputs[0]!.value, kept));
    prune(graph);
    const [two, three] = [node.scalar(graph, 2), node.scalar(graph, 3)];
    expect(three).toBe(kept);
    expect(constants(graph)).toEqual([kept.name, two.name]);
    const shape = graph.shapeTensor(['columns', 'rows']);
    expect(graph.nodes.flatMap(({ outputs }) => outputs)).toContain(shape);
  });

  it('is no constant that is an output itself', () => {
    const graph = new Graph();
    graph.output('y', node.scalar(graph, 2));
    prune(graph);
    expect(constants(graph)).toEqual([graph.outputs[0]!.value.name]);
  });
});

describe('nodes in an order in which they can run', () => {
  it('are ordered however many stand one behind the other', () => {
    const graph = new Graph();
    let x = graph.input('x', 'float32', [1]);
    for (let place = 0; place < 20_000; place++) x = node.neg(graph, x);
    expect(inOrder(graph.nodes.toReversed())).toEqual(graph.nodes);
  });

  it('cannot take what is made of them', () => {
    const graph = new Graph();
    const x = node.neg(graph, graph.input('x', 'float32', [1]));
    const [first] = graph.nodes;
    node.neg(graph, x);
    const circular = { ...first!, inputs: graph.nodes[1]!.outputs };
    expect(() => inOrder([circular, graph.nodes[1]!])).toThrow(/wait for one another/);
  });
});
