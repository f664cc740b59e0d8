import { onnxType } from '../../graph/dtype.js';
import type { Graph, Node, Value } from '../../graph/graph.js';
import { cast } from '../../graph/nodes.js';
import type { Program } from '../program.js';

/** The operators that ONNX Runtime has on the processor in two bytes: of bfloat16 not all that move entries. */
const kernels: Readonly<Record<string, ReadonlySet<string>>> = {
  float16: new Set([
    ...['Cast', 'Shape', 'Reshape', 'Transpose', 'Slice', 'Pad', 'Concat', 'Split', 'Gather', 'Expand'],
  ]),
  bfloat16: new Set(['Cast', 'Shape']),
};

/**
 * A program whose operators in two bytes are written as those in float32 between casts. ONNX Runtime would do that
 * itself for want of kernels, but takes its casts for free of charge: it drops them beside those of the graph, and
 * nothing would be rounded. One without such operators is given back as it is.
 */
export function withHalfKernels(program: Program): Program {
  const { nodes } = program.graph;
  const isHalf = (value: Value | null): boolean => value !== null && value.type in kernels;
  const lacks = ({ op, inputs }: Node): boolean =>
    inputs.some((value) => value !== null && kernels[value.type]?.has(op) === false);
  if (!nodes.some(lacks)) return program;
  const graph = program.graph.copy();
  const widened = new Map<string, Value>();
  for (const node of graph.nodes.splice(0)) {
    if (!lacks(node)) {
      graph.nodes.push(node);
      continue;
    }
    const inputs = node.inputs.map((value) => (isHalf(value) ? wide(graph, value!, widened) : value));
    const results = node.outputs.map((value) =>
      isHalf(value) ? { ...value, name: `wide:${value.name}`, type: 'float32' as const } : value,
    );
    graph.nodes.push({ ...node, inputs, outputs: results });
    node.outputs.forEach((value, place) => {
      if (isHalf(value)) narrow(graph, results[place]!, value);
    });
  }
  return { ...program, graph };
}

function wide(graph: Graph, value: Value, known: Map<string, Value>): Value {
  let made = known.get(value.name);
  if (made === undefined) known.set(value.name, (made = cast(graph, value, 'float32')));
  return made;
}

/** Rounds into a value that is known by its name. */
function narrow(graph: Graph, from: Value, to: Value): void {
  const attributes = { to: onnxType[to.type] };
  graph.nodes.push({ op: 'Cast', domain: '', inputs: [from], outputs: [to], attributes });
}
