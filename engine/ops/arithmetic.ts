import * as node from '../graph/nodes.js';
import { simpleOp } from './op.js';

/** Elementwise with broadcasting; the walk sums a gradient back to its input's shape. */

export const add = simpleOp<'a' | 'b'>({
  name: 'add',
  forward: (g, { a, b }) => node.add(g, a, b),
  // dA = dY, dB = dY
  gradient: { a: ({ dy }) => dy, b: ({ dy }) => dy },
});

export const subtract = simpleOp<'a' | 'b'>({
  name: 'subtract',
  forward: (g, { a, b }) => node.sub(g, a, b),
  // dA = dY, dB = −dY
  gradient: { a: ({ dy }) => dy, b: ({ graph, dy }) => node.neg(graph, dy) },
});

export const multiply = simpleOp<'a' | 'b'>({
  name: 'multiply',
  forward: (g, { a, b }) => node.mul(g, a, b),
  // dA = dY⊙B, dB = dY⊙A
  gradient: {
    a: ({ graph, dy, inputs }) => node.mul(graph, dy, inputs.b),
    b: ({ graph, dy, inputs }) => node.mul(graph, dy, inputs.a),
  },
});

export const divide = simpleOp<'a' | 'b'>({
  name: 'divide',
  forward: (g, { a, b }) => node.div(g, a, b),
  // dA = dY/B, dB = −dY⊙Y/B
  gradient: {
    a: ({ graph, dy, inputs }) => node.div(graph, dy, inputs.b),
    b: ({ graph, dy, inputs, outputs }) =>
      node.neg(graph, node.div(graph, node.mul(graph, dy, outputs[0] as typeof dy), inputs.b)),
  },
});

/** x ⊙ mask, the mask a constant: 0 where dropped, 1/(1 − p) where kept (inverted dropout). */
export const dropout = simpleOp<'x' | 'mask'>({
  name: 'dropout',
  forward: (g, { x, mask }) => node.mul(g, x, mask),
  // dX = dY⊙mask
  gradient: { x: ({ graph, dy, inputs }) => node.mul(graph, dy, inputs.mask), mask: null },
});
