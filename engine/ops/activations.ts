import type { Value } from '../graph/graph.js';
import * as node from '../graph/nodes.js';
import { simpleOp } from './op.js';

/**
 * x·Φ(x) with the normal distribution function Φ (Hendrycks & Gimpel 2016, eq. 1), not its tanh form.
 *
 * This is the widest tensor of a layer, so the gradient is written for few passes over it.
 */
export const gelu = simpleOp<'x'>({
  name: 'gelu',
  forward: (g, { x }) => node.gelu(g, x),
  // dX = dY⊙(Φ(x) + x·φ(x)), with t = x/√2:  Φ = ½ + ½·erf(t),  x·φ = t·exp(−t²)/√π
  gradient: {
    x: ({ graph: g, dy, inputs: { x } }) => {
      const t = node.mul(g, x, node.scalar(g, Math.SQRT1_2));
      const distribution = node.hardSigmoid(g, node.erf(g, t), { alpha: 0.5, beta: 0.5 });
      // exp(−t²)/√π = exp(ln(1/√π) − t²)
      const density = node.exp(g, node.sub(g, node.scalar(g, -0.5 * Math.log(Math.PI)), node.mul(g, t, t)));
      return node.mul(g, dy, node.add(g, distribution, node.mul(g, t, density)));
    },
  },
});

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
