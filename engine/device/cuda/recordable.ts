import type { Graph, Node, Value } from '../../graph/graph.js';
import { mostPartsOnCuda } from '../resident/packing.js';

/**
 * Whether runs of a graph can be recorded as a graph of CUDA's: no kernel of them may read what the host writes down at
 * each run. Split and Concat do for parts of unlike sizes, and for many.
 *
 * @param onProcessor names of the nodes that are the processor's
 */
export function isRecordable({ nodes }: Graph, onProcessor: ReadonlySet<string>): boolean {
  return nodes.every((node) => onProcessor.has(node.outputs[0]!.name) || partsOf(node).every(isLike));
}

function isLike(part: unknown, _: number, parts: readonly unknown[]): boolean {
  return parts.length <= mostPartsOnCuda && part === parts[0];
}

/** The extents of what a node takes apart or puts together, along its axis. */
function partsOf({ op, inputs, outputs, attributes }: Node): readonly unknown[] {
  const along = (value: Value | null): unknown => value?.shape.at(Number(attributes['axis'] ?? 0));
  if (op === 'Split') return outputs.map(along);
  return op === 'Concat' ? inputs.map(along) : [];
}
