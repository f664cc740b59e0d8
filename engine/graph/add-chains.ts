import { isFloat } from './dtype.js';
import type { Graph, Node, Value } from './graph.js';
import { sameShape } from './shape.js';
import { Takers } from './takers.js';

/** So many operands a kernel of a sum takes at once. */
const mostOperands = 8;

/** Writes sums of sums of values of one shape as one. */
export function sumAtOnce(graph: Graph): void {
  const takers = new Takers(graph);
  const isPart = (value: Value): boolean => {
    const giver = takers.giverOf(value);
    const taker = takers.onlyOf(value);
    return giver !== undefined && isOfOneShape(giver) && taker !== undefined && isOfOneShape(taker);
  };
  const operandsOf = (node: Node): Value[] =>
    node.inputs.flatMap((value) => (isPart(value!) ? operandsOf(takers.giverOf(value)!) : [value!]));
  for (const node of graph.nodes.splice(0)) {
    const isWhole = isOfOneShape(node) && !isPart(node.outputs[0]!);
    if (isWhole) appendSum(graph, operandsOf(node), node);
    else if (!isOfOneShape(node)) graph.nodes.push(node);
  }
}

function isOfOneShape({ op, inputs, outputs }: Node): boolean {
  const [sum] = outputs as [Value];
  return op === 'Add' && isFloat(sum.type) && inputs.every((value) => sameShape(value!.shape, sum.shape));
}

function appendSum(graph: Graph, operands: Value[], node: Node): void {
  const [sum] = node.outputs as [Value];
  if (operands.length === 2) {
    graph.nodes.push(node);
    return;
  }
  while (operands.length > mostOperands) {
    const first = operands.splice(0, mostOperands);
    operands.unshift(graph.node('Sum', first, [{ type: sum.type, shape: sum.shape }])[0]!);
  }
  graph.nodes.push({ ...node, op: operands.length === 2 ? 'Add' : 'Sum', inputs: operands });
}
