import type { Value } from '../graph/graph.js';
import * as node from '../graph/nodes.js';
import type { Dim, Shape } from '../graph/shape.js';
import type { Op } from './op.js';
import { simpleOp } from './op.js';

/** Ops that move entries and compute nothing. */

export const reshape = simpleOp<'x', { readonly shape: Shape }>({
  name: 'reshape',
  forward: (g, { x }, { shape }) => node.reshape(g, x, shape),
  gradient: { x: ({ graph, dy, inputs }) => node.reshape(graph, dy, inputs.x.shape) },
});

export const transpose = simpleOp<'x', { readonly permutation: readonly number[] }>({
  name: 'transpose',
  forward: (g, { x }, { permutation }) => node.transpose(g, x, permutation),
  gradient: {
    x: ({ graph, dy, attributes: { permutation } }) =>
      node.transpose(
        graph,
        dy,
        permutation.map((_, axis) => permutation.indexOf(axis)),
      ),
  },
});

/** Broadcast to a shape; the walk sums the gradient back. */
export const expand = simpleOp<'x', { readonly shape: Shape }>({
  name: 'expand',
  forward: (g, { x }, { shape }) => node.expand(g, x, shape),
  gradient: { x: ({ dy }) => dy },
});

/** Parts of one axis, in order. */
export const split: Op<'x', { readonly axis: number; readonly sizes: readonly Dim[] }> = {
  name: 'split',
  forward: (g, { x }, { axis, sizes }) => ({ outputs: node.split(g, x, axis, sizes), saved: undefined }),
  // dX = the parts' gradients, joined
  gradient: {
    x: ({ graph, upstream, inputs, attributes: { axis } }) =>
      node.concat(graph, upstream, axis, inputs.x.shape[axis] as Dim),
  },
};

/** Two tensors joined along an axis. */
export const concat = simpleOp<'a' | 'b', { readonly axis: number; readonly size: Dim }>({
  name: 'concat',
  forward: (g, { a, b }, { axis, size }) => node.concat(g, [a, b], axis, size),
  gradient: {
    a: ({ graph, dy, inputs: { a, b }, attributes: { axis } }) =>
      node.split(graph, dy, axis, [a.shape[axis] as Dim, b.shape[axis] as Dim])[0] as Value,
    b: ({ graph, dy, inputs: { a, b }, attributes: { axis } }) =>
      node.split(graph, dy, axis, [a.shape[axis] as Dim, b.shape[axis] as Dim])[1] as Value,
  },
});

/** Rows 0 … size−1 behind `from`, along axis 0. */
export const sliceRows = simpleOp<
  'x',
  { readonly from: Dim; readonly to: Dim; readonly size: Dim; readonly after: Dim }
>({
  name: 'sliceRows',
  forward: (g, { x }, { from, to, size }) => node.slice(g, x, 0, from, to, size),
  // dX = zeros, dY, zeros
  gradient: {
    x: ({ graph, dy, inputs, attributes: { from, after } }) =>
      node.pad(graph, dy, 0, from, after, inputs.x.shape[0] as Dim),
  },
});

/**
 * Rows of x by an index that takes every row that matters exactly once, so that its gradient is again a
 * gather, by `inverse`: no scatter, no race. `inverseMask` `[rows, 1]` is 0 on rows nobody took.
 */
export const gatherRows = simpleOp<'x' | 'index' | 'inverse' | 'inverseMask'>({
  name: 'gatherRows',
  forward: (g, { x, index }) => node.gather(g, x, index),
  // dX = dY[inverse]⊙inverseMask
  gradient: {
    x: ({ graph: g, dy, inputs: { inverse, inverseMask } }) =>
      node.mul(g, node.gather(g, dy, inverse), inverseMask),
    index: null,
    inverse: null,
    inverseMask: null,
  },
});

/** Like `gatherRows` where every row of x is taken: no mask is needed. */
export const permuteRows = simpleOp<'x' | 'index' | 'inverse'>({
  name: 'permuteRows',
  forward: (g, { x, index }) => node.gather(g, x, index),
  gradient: {
    x: ({ graph: g, dy, inputs: { inverse } }) => node.gather(g, dy, inverse),
    index: null,
    inverse: null,
  },
});

/** Rows of a table by ids that may repeat; the optimizer adds the rows' gradients up. */
export const lookup = simpleOp<'table' | 'ids'>({
  name: 'lookup',
  forward: (g, { table, ids }) => node.gather(g, table, ids),
  gradient: { table: 'rows', ids: null },
});
