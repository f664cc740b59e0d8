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

/**
 * The tanh form of GELU (Hendrycks & Gimpel 2016, section 2): x·½(1 + tanh u) with u = √(2/π)·(x + 0.044715·x³).
 * Configurations call it `gelu_new`.
 */
export const geluTanh = simpleOp<'x'>({
  name: 'geluTanh',
  forward: (g, { x }) => node.fastGelu(g, x),
  // with t = tanh u:  dX = dY⊙(½(1 + t) + ½·x·(1 − t²)·u′),  u′ = √(2/π)·(1 + 3·0.044715·x²)
  gradient: {
    x: ({ graph: g, dy, inputs: { x } }) => {
      const number = (value: number): Value => node.scalar(g, value);
      const square = node.mul(g, x, x);
      const cubic = (factor: number): Value =>
        node.add(g, number(tanhScale), node.mul(g, number(factor * 0.044715 * tanhScale), square));
      const t = node.tanh(g, node.mul(g, x, cubic(1)));
      const half = node.hardSigmoid(g, t, { alpha: 0.5, beta: 0.5 });
      const bend = node.mul(
        g,
        node.sub(g, number(0.5), node.mul(g, number(0.5), node.mul(g, t, t))),
        cubic(3),
      );
      return node.mul(g, dy, node.add(g, half, node.mul(g, x, bend)));
    },
  },
});

const tanhScale = Math.sqrt(2 / Math.PI);

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
