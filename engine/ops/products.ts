import * as node from '../graph/nodes.js';
import { simpleOp } from './op.js';

/** y = x·Wᵀ + b with x `[rows, in]`, W `[out, in]` as checkpoints hold it, b `[out]`. */
export const linear = simpleOp<'x' | 'weight' | 'bias'>({
  name: 'linear',
  forward: (g, { x, weight, bias }) => node.gemm(g, x, weight, bias, { transposeB: true }),
  gradient: {
    // dX = dY·W
    x: ({ graph, dy, inputs }) => node.gemm(graph, dy, inputs.weight, null),
    // dW = dYᵀ·X
    weight: ({ graph, dy, inputs }) => node.gemm(graph, dy, inputs.x, null, { transposeA: true }),
    // db = Σ dY
    bias: ({ graph, dy }) => node.reduceSum(graph, dy, [0], false),
  },
});

export interface MatMulAttributes {
  readonly transposeB: boolean;
  /** A factor on the product. */
  readonly alpha: number;
}

/** α·A·B, or α·A·Bᵀ, over the last two axes; the axes before broadcast. */
export const matMul = simpleOp<'a' | 'b', MatMulAttributes>({
  name: 'matMul',
  forward: (g, { a, b }, attributes) => node.matMul(g, a, b, attributes),
  gradient: {
    // A·B:  dA = α·dY·Bᵀ      A·Bᵀ: dA = α·dY·B
    a: ({ graph, dy, inputs, attributes: { transposeB, alpha } }) =>
      node.matMul(graph, dy, inputs.b, { transposeB: !transposeB, alpha }),
    // A·B:  dB = α·Aᵀ·dY      A·Bᵀ: dB = α·dYᵀ·A
    b: ({ graph, dy, inputs, attributes: { transposeB, alpha } }) =>
      transposeB
        ? node.matMul(graph, dy, inputs.a, { transposeA: true, alpha })
        : node.matMul(graph, inputs.a, dy, { transposeA: true, alpha }),
  },
});
