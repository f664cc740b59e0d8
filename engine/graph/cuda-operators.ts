import { onnxType } from './dtype.js';
import type { Graph, Node, Value } from './graph.js';
import * as node from './nodes.js';

/**
 * Operators that ONNX Runtime's CUDA provider has for float32 and float16 and not for bfloat16. They move numbers and
 * change none, so that float32 gives the same.
 */
const withoutBfloat16: ReadonlySet<string> = new Set(['Pad']);

/** Writes a graph in operators that ONNX Runtime has on CUDA. Its values, inputs and outputs keep their names. */
export function useCudaOperators(graph: Graph): void {
  for (const former of graph.nodes.splice(0)) {
    if (withoutBfloat16.has(former.op) && former.outputs[0]?.type === 'bfloat16') inFloat32(graph, former);
    else graph.nodes.push(former);
  }
}

function inFloat32(g: Graph, { op, domain, inputs, outputs, attributes }: Node): void {
  const wide = inputs.map((value) => (value?.type === 'bfloat16' ? node.cast(g, value, 'float32') : value));
  const { shape } = outputs[0] as Value;
  const moved = g.node(op, wide, [{ type: 'float32', shape }], attributes, domain);
  g.nodes.push({ op: 'Cast', domain: '', inputs: moved, outputs, attributes: { to: onnxType.bfloat16 } });
}
