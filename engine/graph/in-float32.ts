import { onnxType, type DType } from './dtype.js';
import type { Graph, Node, Value } from './graph.js';
import { cast } from './nodes.js';

/**
 * Has nodes compute in float32 between casts: for operators that a provider does not have in two bytes. What they give
 * keeps its name and type, and each value is widened once.
 *
 * @param types that are widened @param lacks whether there is no kernel for a node as it is
 */
export function computeInFloat32(
  graph: Graph,
  types: ReadonlySet<DType>,
  lacks: (node: Node) => boolean,
): void {
  const widened = new Map<string, Value>();
  const isNarrow = (value: Value | null): value is Value => value !== null && types.has(value.type);
  const wide = (value: Value): Value => {
    let made = widened.get(value.name);
    if (made === undefined) widened.set(value.name, (made = cast(graph, value, 'float32')));
    return made;
  };
  for (const node of graph.nodes.splice(0)) {
    if (!lacks(node)) {
      graph.nodes.push(node);
      continue;
    }
    const inputs = node.inputs.map((value) => (isNarrow(value) ? wide(value) : value));
    const outputs = node.outputs.map((value) =>
      isNarrow(value) ? { ...value, name: `wide:${value.name}`, type: 'float32' as const } : value,
    );
    graph.nodes.push({ ...node, inputs, outputs });
    node.outputs.forEach((value, place) => {
      if (isNarrow(value)) narrow(graph, outputs[place]!, value);
    });
  }
}

/** Rounds into a value that is known by its name. */
function narrow(graph: Graph, from: Value, to: Value): void {
  const attributes = { to: onnxType[to.type] };
  graph.nodes.push({ op: 'Cast', domain: '', inputs: [from], outputs: [to], attributes });
}
