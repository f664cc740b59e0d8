import type { Value } from '../graph/graph.js';
import type { Dim } from '../graph/shape.js';
import { gelu, geluTanh, relu, tanh } from '../ops/activations.js';
import { add } from '../ops/arithmetic.js';
import { lookup, reshape } from '../ops/layout.js';
import { layerNorm as layerNormOp } from '../ops/normalization.js';
import { linear as linearOp, matMul } from '../ops/products.js';
import type { LayerPart } from './dropout-sites.js';
import { withAdapter } from './low-rank.js';
import type { Scope } from './scope.js';

/**
 * x·Wᵀ + b, or x·Wᵀ, with what its adapter adds where it has one: x `[rows, in]` → `[rows, out]`.
 *
 * @param options.part which it is of an encoder's layer; absent of one that lies elsewhere
 */
export function linear(
  scope: Scope,
  x: Value,
  inputs: number,
  outputs: number,
  { bias: biased = true, part }: { bias?: boolean; part?: LayerPart } = {},
): Value {
  const weight = scope.parameter('weight', [outputs, inputs], 'normal', 'weight');
  const y = biased
    ? scope.tape.apply(linearOp, { x, weight, bias: scope.parameter('bias', [outputs], 'zeros', 'bias') })
    : scope.tape.apply(matMul, { a: x, b: weight }, { transposeB: true, alpha: 1 });
  return withAdapter(scope, x, y, { inputs, outputs, part });
}

export function layerNorm(
  scope: Scope,
  x: Value,
  size: number,
  epsilon: number,
  { bias: biased = true } = {},
): Value {
  const scale = scope.parameter('weight', [size], 'ones', 'scale');
  const bias = biased
    ? scope.parameter('bias', [size], 'zeros', 'bias')
    : scope.tape.graph.constant('float32', [size], new Array<number>(size).fill(0));
  return scope.tape.apply(layerNormOp, { x, scale, bias }, { epsilon });
}

/** Rows of a table: ids `[rows]` → `[rows, width]`. */
export function embedding(scope: Scope, ids: Value, rows: number, width: number): Value {
  const table = scope.parameter('weight', [rows, width], 'normal', 'weight');
  return scope.tape.apply(lookup, { table, ids });
}

/** By their names in `config.json`. */
const activations = { gelu, gelu_new: geluTanh, relu, tanh };

export type Activation = keyof typeof activations;

export function activate(scope: Scope, x: Value, activation: Activation): Value {
  return scope.tape.apply(activations[activation], { x });
}

/** `[rows, heads·headDim]` → `[rows, heads, headDim]`; no copy. */
export function separateHeads(scope: Scope, x: Value, heads: number): Value {
  const [rows, width] = x.shape as [Dim, number];
  return scope.tape.apply(reshape, { x }, { shape: [rows, heads, width / heads] });
}

export function sum(scope: Scope, a: Value, b: Value): Value {
  return scope.tape.apply(add, { a, b });
}
