import type { Attribute, Graph, Node, Value } from './graph.js';
import * as node from './nodes.js';

/** Appends nodes that compute what the former node did, under the same name. */
type Form = (g: Graph, former: Node) => void;

/** The operators in use that ONNX Runtime's WebGPU provider does not have, in those that it has. */
const forms: Readonly<Record<string, Form>> = { FusedMatMul: product, LogSoftmax: logSoftmax, Sign: sign };

/** Writes a graph in operators that ONNX Runtime has on WebGPU. Its values, inputs and outputs keep their names. */
export function useWebGpuOperators(graph: Graph): void {
  for (const former of graph.nodes.splice(0)) {
    const form = forms[former.op];
    if (form === undefined) graph.nodes.push(former);
    else form(graph, former);
  }
}

/** α·A·B, either transposed: for matrices one node, for stacks of them a transposition and a factor of their own. */
function product(g: Graph, former: Node): void {
  const [a, b] = former.inputs as [Value, Value];
  const { transA, transB, alpha } = former.attributes;
  if (a.shape.length === 2 && b.shape.length === 2) {
    as(g, former, 'Gemm', [a, b], former.attributes);
    return;
  }
  const [left, right] = [transA === 1 ? transposed(g, a) : a, transB === 1 ? transposed(g, b) : b];
  const factor = (alpha as { readonly float: number }).float;
  // The factor goes to an operand: the product of attention is the larger.
  as(g, former, 'MatMul', [
    factor === 1 ? left : node.mul(g, left, g.constant(left.type, [], [factor])),
    right,
  ]);
}

/** The last two axes. */
function transposed(g: Graph, x: Value): Value {
  const rank = x.shape.length;
  const batch = Array.from({ length: rank - 2 }, (_, axis) => axis);
  return node.transpose(g, x, [...batch, rank - 1, rank - 2]);
}

/** Over the last axis, z = x − max x: z − log Σ exp z. */
function logSoftmax(g: Graph, former: Node): void {
  const [x] = former.inputs as [Value];
  const axes = [x.shape.length - 1];
  const z = node.sub(g, x, node.reduceMax(g, x, axes, true));
  as(g, former, 'Sub', [z, node.log(g, node.reduceSum(g, node.exp(g, z), axes, true))]);
}

/** [x > 0] − [x < 0] */
function sign(g: Graph, former: Node): void {
  const [x] = former.inputs as [Value];
  const zero = g.constant(x.type, [], [0]);
  const holds = (op: string): Value => {
    const [is] = g.node(op, [x, zero], [{ type: 'bool', shape: x.shape }]) as [Value];
    return node.cast(g, is, x.type);
  };
  as(g, former, 'Sub', [holds('Greater'), holds('Less')]);
}

function as(
  g: Graph,
  { outputs }: Node,
  op: string,
  inputs: readonly Value[],
  attributes: Readonly<Record<string, Attribute>> = {},
): void {
  g.nodes.push({ op, domain: '', inputs, outputs, attributes });
}
