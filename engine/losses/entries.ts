import type { Graph, Value } from '../graph/graph.js';
import * as node from '../graph/nodes.js';

/** The number of rows of a matrix, as float32 `[1]`. */
export function rows(g: Graph, x: Value): Value {
  return size(g, x, 0);
}

/** The number of entries of a matrix, as float32 `[1]`. */
export function entries(g: Graph, x: Value): Value {
  return node.mul(g, size(g, x, 0), size(g, x, 1));
}

function size(g: Graph, x: Value, axis: number): Value {
  return node.cast(g, g.dim(x.shape[axis] ?? 1), 'float32');
}
