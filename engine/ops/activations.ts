import type { Graph, Value } from '../graph/graph.js';
import * as node from '../graph/nodes.js';
import { simpleOp } from './op.js';

const INVERSE_SQRT_2 = Math.SQRT1_2;
const INVERSE_SQRT_2PI = 1 / Math.sqrt(2 * Math.PI);

/** x·Φ(x) with the normal distribution function Φ (Hendrycks & Gimpel 2016, eq. 1), not its tanh form. */
export const gelu = simpleOp<'x'>({
  name: 'gelu',
  forward: (g, { x }) => node.gelu(g, x),
  // dX = dY⊙(Φ(x) + x·φ(x))
  gradient: {
    x: ({ graph: g, dy, inputs: { x } }) =>
      node.mul(g, dy, node.add(g, normalDistribution(g, x), node.mul(g, x, normalDensity(g, x)))),
  },
});

/** Φ(x) = ½(1 + erf(x/√2)) */
function normalDistribution(g: Graph, x: Value): Value {
  const e = node.erf(g, node.mul(g, x, node.scalar(g, INVERSE_SQRT_2)));
  return node.add(g, node.mul(g, e, node.scalar(g, 0.5)), node.scalar(g, 0.5));
}

/** φ(x) = exp(−x²/2)/√(2π) */
function normalDensity(g: Graph, x: Value): Value {
  const e = node.exp(g, node.mul(g, node.mul(g, x, x), node.scalar(g, -0.5)));
  return node.mul(g, e, node.scalar(g, INVERSE_SQRT_2PI));
}

export const tanh = simpleOp<'x'>({
  name: 'tanh',
  forward: (g, { x }) => node.tanh(g, x),
  // dX = dY⊙(1 − y²)
  gradient: {
    x: ({ graph: g, dy, outputs }) => {
      const y = outputs[0] as Value;
      return node.mul(g, dy, node.sub(g, node.scalar(g, 1), node.mul(g, y, y)));
    },
  },
});

export const relu = simpleOp<'x'>({
  name: 'relu',
  forward: (g, { x }) => node.relu(g, x),
  // dX = dY where y > 0
  gradient: {
    x: ({ graph: g, dy, outputs }) => node.mul(g, dy, node.sign(g, outputs[0] as Value)),
  },
});

/** Over the last axis. */
export const softmax = simpleOp<'x'>({
  name: 'softmax',
  forward: (g, { x }) => node.softmax(g, x),
  // dX = y⊙(dY − Σ dY⊙y)
  gradient: {
    x: ({ graph: g, dy, outputs }) => {
      const y = outputs[0] as Value;
      const total = node.reduceSum(g, node.mul(g, dy, y), [y.shape.length - 1], true);
      return node.mul(g, y, node.sub(g, dy, total));
    },
  },
});
