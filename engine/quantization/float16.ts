import { onnxType } from '../graph/dtype.js';
import type { Graph, Node, Value } from '../graph/graph.js';
import * as node from '../graph/nodes.js';

/** Whether a parameter of that shape is stored in float16: vectors are next to nothing of the bytes. */
export function isStoredInFloat16(shape: readonly number[]): boolean {
  return shape.length >= 2;
}

/**
 * Has a graph whose float32 weights are stored in float16 make float32 of them, so that all is computed as before.
 * Rows that are looked up are cast after that: of a table of embeddings nothing else is ever made float32.
 *
 * @param stored names of the initializers whose bytes are those of float16 numbers
 */
export function castFromFloat16(graph: Graph, stored: ReadonlySet<string>): void {
  const halves = new Map<string, Value>();
  for (const [place, { value, ...rest }] of graph.initializers.entries()) {
    if (!stored.has(value.name)) continue;
    const half: Value = { ...value, type: 'float16' };
    graph.initializers[place] = { ...rest, value: half };
    halves.set(value.name, half);
  }
  const casts = new Map<string, Value>();
  const whole = (value: Value | null): Value | null => {
    const half = halves.get(value?.name ?? '');
    if (half === undefined) return value;
    const made = casts.get(half.name) ?? node.cast(graph, half, 'float32');
    casts.set(half.name, made);
    return made;
  };
  for (const former of graph.nodes.splice(0)) {
    if (lookUp(graph, former, halves)) continue;
    const inputs = former.inputs.map(whole);
    graph.nodes.push({ ...former, inputs });
  }
}

/** Whether the node takes rows of a table in float16. */
function lookUp(graph: Graph, former: Node, halves: ReadonlyMap<string, Value>): boolean {
  const [table, ids] = former.inputs;
  const half = halves.get(table?.name ?? '');
  const [result] = former.outputs;
  if (former.op !== 'Gather' || half === undefined || !ids || result === undefined) return false;
  const rows = graph.node(
    'Gather',
    [half, ids],
    [{ type: 'float16', shape: result.shape }],
    former.attributes,
  );
  const attributes = { to: onnxType.float32 };
  graph.nodes.push({ op: 'Cast', domain: '', inputs: rows, outputs: [result], attributes });
  return true;
}
