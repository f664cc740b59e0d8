import type { Dim } from '../graph/shape.js';
import * as node from '../graph/nodes.js';
import { simpleOp } from './op.js';

/** Named sizes of one attention window of length T. */
export interface WindowDims {
  /** T */
  readonly length: Dim;
  /** 2T */
  readonly window: Dim;
  /** 2T − 1 */
  readonly diagonal: Dim;
  /** T − 1 */
  readonly before: Dim;
  /** T·2T */
  readonly area: Dim;
  /** T·(2T − 1) */
  readonly skewedArea: Dim;
  /** T − 1 + T·(2T − 1) */
  readonly skewedEnd: Dim;
}

/**
 * Reads relative scores by position: x `[n, T, 2T]` → y `[n, T, T]` with y[i, j] = x[i, j − i + T − 1].
 * Row i of x flattened starts at 2T·i, so that entry stands at (2T − 1)·i + j + T − 1: a shift by T − 1
 * and rows of 2T − 1. Column 2T − 1 of x is never read; it is there so that T = 1 has no empty axis.
 */
export const skew = simpleOp<'x', WindowDims>({
  name: 'skew',
  forward: (g, { x }, dims) => {
    const n = x.shape[0] as Dim;
    const flat = node.reshape(g, x, [n, dims.area]);
    const shifted = node.slice(g, flat, 1, dims.before, dims.skewedEnd, dims.skewedArea);
    const rows = node.reshape(g, shifted, [n, dims.length, dims.diagonal]);
    return node.slice(g, rows, 2, 0, dims.length, dims.length);
  },
  // the same steps backwards, zeros where nothing was read
  gradient: {
    x: ({ graph: g, dy, inputs, attributes: dims }) => {
      const n = inputs.x.shape[0] as Dim;
      const rows = node.pad(g, dy, 2, 0, dims.before, dims.diagonal);
      const shifted = node.reshape(g, rows, [n, dims.skewedArea]);
      const flat = node.pad(g, shifted, 1, dims.before, 1, dims.area);
      return node.reshape(g, flat, [n, dims.length, dims.window]);
    },
  },
});
