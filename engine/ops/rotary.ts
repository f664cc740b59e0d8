import type { Graph, Value } from '../graph/graph.js';
import * as node from '../graph/nodes.js';
import { simpleOp } from './op.js';

/**
 * Turns pairs of entries by an angle (Su et al. 2021, eq. 34), entry i paired with entry i + half:
 * x `[rows, heads, 2·half]` → y₁ = x₁·cos − x₂·sin, y₂ = x₂·cos + x₁·sin, with cos and sin `[rows, 1, half]`.
 */
export const rotary = simpleOp<'x' | 'cos' | 'sin'>({
  name: 'rotary',
  forward: (g, { x, cos, sin }) => turned(g, x, cos, sin),
  // dX = dY turned by the opposite angle
  gradient: {
    x: ({ graph, dy, inputs: { cos, sin } }) => turned(graph, dy, cos, node.neg(graph, sin)),
    cos: null,
    sin: null,
  },
});

function turned(g: Graph, x: Value, cos: Value, sin: Value): Value {
  const width = x.shape[2] as number;
  const [a, b] = node.split(g, x, 2, [width / 2, width / 2]) as [Value, Value];
  const first = node.sub(g, node.mul(g, a, cos), node.mul(g, b, sin));
  const second = node.add(g, node.mul(g, b, cos), node.mul(g, a, sin));
  return node.concat(g, [first, second], 2, width);
}
