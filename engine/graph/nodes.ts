import { onnxType, type DType } from './dtype.js';
import type { Graph, Value } from './graph.js';
import { MICROSOFT } from './graph.js';
import type { Dim, Shape } from './shape.js';
import { broadcast, broadcastAxes } from './shape.js';

/** One ONNX operator each: appends the node and gives its result. Op records are written in these. */

function one(values: Value[]): Value {
  return values[0] as Value;
}

function elementwise(op: string) {
  return (g: Graph, x: Value): Value => one(g.node(op, [x], [{ type: x.type, shape: x.shape }]));
}

function binary(op: string) {
  return (g: Graph, a: Value, b: Value): Value =>
    one(g.node(op, [a, b], [{ type: a.type, shape: broadcast(a.shape, b.shape) }]));
}

export const add = binary('Add');
export const sub = binary('Sub');
export const mul = binary('Mul');
export const div = binary('Div');
export const max = binary('Max');
export const min = binary('Min');
export const exp = elementwise('Exp');
export const log = elementwise('Log');
export const erf = elementwise('Erf');
export const tanh = elementwise('Tanh');
export const cos = elementwise('Cos');
export const sin = elementwise('Sin');
export const sigmoid = elementwise('Sigmoid');
export const relu = elementwise('Relu');
export const neg = elementwise('Neg');
export const abs = elementwise('Abs');
export const sqrt = elementwise('Sqrt');
export const sign = elementwise('Sign');

/** max(0, min(1, α·x + β)) in one pass: an affine map where the result is known to lie in [0, 1]. */
export function hardSigmoid(g: Graph, x: Value, { alpha, beta }: { alpha: number; beta: number }): Value {
  const attributes = { alpha: { float: alpha }, beta: { float: beta } };
  return one(g.node('HardSigmoid', [x], [{ type: x.type, shape: x.shape }], attributes));
}

/** x·Φ(x), the erf form (Hendrycks & Gimpel 2016). */
export function gelu(g: Graph, x: Value): Value {
  return one(g.node('Gelu', [x], [{ type: x.type, shape: x.shape }], {}, MICROSOFT));
}

/** Its tanh form. */
export function fastGelu(g: Graph, x: Value): Value {
  return one(g.node('FastGelu', [x], [{ type: x.type, shape: x.shape }], {}, MICROSOFT));
}

/** A float32 scalar. */
export function scalar(g: Graph, value: number): Value {
  return g.constant('float32', [], [value]);
}

export function cast(g: Graph, x: Value, type: DType): Value {
  return one(g.node('Cast', [x], [{ type, shape: x.shape }], { to: onnxType[type] }));
}

/** α·A·B over the last two axes, either transposed; the axes before broadcast. */
export function matMul(
  g: Graph,
  a: Value,
  b: Value,
  { transposeA = false, transposeB = false, alpha = 1 } = {},
): Value {
  // Of a vector the result has no rows.
  const rows = a.shape.length === 1 ? [] : [a.shape[a.shape.length - (transposeA ? 1 : 2)] as Dim];
  const columns = b.shape[b.shape.length - (transposeB ? 2 : 1)] as Dim;
  const batch = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const result = [{ type: a.type, shape: [...batch, ...rows, columns] }];
  if (!transposeA && !transposeB && alpha === 1) return one(g.node('MatMul', [a, b], result));
  const attributes = { transA: Number(transposeA), transB: Number(transposeB), alpha: { float: alpha } };
  return one(g.node('FusedMatMul', [a, b], result, attributes, MICROSOFT));
}

/** A·B + C for matrices, either transposed; C is broadcast and may be left out. */
export function gemm(
  g: Graph,
  a: Value,
  b: Value,
  c: Value | null,
  { transposeA = false, transposeB = false } = {},
): Value {
  const shape = [a.shape[transposeA ? 1 : 0] as Dim, b.shape[transposeB ? 0 : 1] as Dim];
  const inputs = c === null ? [a, b] : [a, b, c];
  return one(
    g.node('Gemm', inputs, [{ type: a.type, shape }], {
      transA: Number(transposeA),
      transB: Number(transposeB),
    }),
  );
}

export function softmax(g: Graph, x: Value): Value {
  return one(g.node('Softmax', [x], [{ type: x.type, shape: x.shape }], { axis: -1 }));
}

export function logSoftmax(g: Graph, x: Value): Value {
  return one(g.node('LogSoftmax', [x], [{ type: x.type, shape: x.shape }], { axis: -1 }));
}

/** Over the last axis. `mean` and `inverseDeviation` have size 1 there. */
export function layerNormalization(
  g: Graph,
  x: Value,
  scale: Value,
  bias: Value,
  epsilon: number,
): { output: Value; mean: Value; inverseDeviation: Value } {
  const statistics = { type: x.type, shape: [...x.shape.slice(0, -1), 1] };
  const [output, mean, inverseDeviation] = g.node(
    'LayerNormalization',
    [x, scale, bias],
    [{ type: x.type, shape: x.shape }, statistics, statistics],
    { axis: -1, epsilon: { float: epsilon } },
  );
  return { output: output as Value, mean: mean as Value, inverseDeviation: inverseDeviation as Value };
}

/** Rows (axis 0) of x by an int64 index. */
export function gather(g: Graph, x: Value, index: Value): Value {
  return one(
    g.node('Gather', [x, index], [{ type: x.type, shape: [...index.shape, ...x.shape.slice(1)] }], {
      axis: 0,
    }),
  );
}

export function reshape(g: Graph, x: Value, shape: Shape): Value {
  return one(g.node('Reshape', [x, g.shapeTensor(shape)], [{ type: x.type, shape }]));
}

/**
 * x itself, but not before `event` has been computed: its shape is read with 0 times an extent of that added. No copy.
 */
export function later(g: Graph, x: Value, event: Value): Value {
  const extent = one(g.node('Shape', [event], [{ type: 'int64', shape: [1] }], { start: 0, end: 1 }));
  const nothing = mul(g, extent, g.constant('int64', [1], [0]));
  const shape = one(g.node('Shape', [x], [{ type: 'int64', shape: [x.shape.length] }]));
  return one(g.node('Reshape', [x, add(g, shape, nothing)], [{ type: x.type, shape: x.shape }]));
}

/** Broadcast to a shape. */
export function expand(g: Graph, x: Value, shape: Shape): Value {
  return one(g.node('Expand', [x, g.shapeTensorOf(shape)], [{ type: x.type, shape }]));
}

export function transpose(g: Graph, x: Value, permutation: readonly number[]): Value {
  const shape = permutation.map((axis) => x.shape[axis] as Dim);
  return one(g.node('Transpose', [x], [{ type: x.type, shape }], { perm: permutation }));
}

/** Entries `from` to `to` (exclusive) of one axis; `size` is their number. */
export function slice(g: Graph, x: Value, axis: number, from: Dim, to: Dim, size: Dim): Value {
  const shape = x.shape.map((dim, i) => (i === axis ? size : dim));
  return one(
    g.node('Slice', [x, g.dim(from), g.dim(to), g.constant('int64', [1], [axis])], [{ type: x.type, shape }]),
  );
}

/** Zeros before and after along one axis; `size` is the axis afterwards. */
export function pad(g: Graph, x: Value, axis: number, before: Dim, after: Dim, size: Dim): Value {
  const shape = x.shape.map((dim, i) => (i === axis ? size : dim));
  const pads = g.shapeTensorOf([before, after]);
  return one(
    g.node('Pad', [x, pads, scalar(g, 0), g.constant('int64', [1], [axis])], [{ type: x.type, shape }]),
  );
}

export function concat(g: Graph, parts: readonly Value[], axis: number, size: Dim): Value {
  const first = parts[0] as Value;
  const shape = first.shape.map((dim, i) => (i === axis ? size : dim));
  return one(g.node('Concat', parts, [{ type: first.type, shape }], { axis }));
}

export function split(g: Graph, x: Value, axis: number, sizes: readonly Dim[]): Value[] {
  const results = sizes.map((size) => ({
    type: x.type,
    shape: x.shape.map((dim, i) => (i === axis ? size : dim)),
  }));
  return g.node('Split', [x, g.shapeTensorOf(sizes)], results, { axis });
}

function reduce(op: string) {
  return (g: Graph, x: Value, axes: readonly number[], keepDims: boolean): Value => {
    const shape = x.shape.flatMap((dim, axis) => (axes.includes(axis) ? (keepDims ? [1] : []) : [dim]));
    const inputs = [x, g.constant('int64', [axes.length], axes)];
    return one(g.node(op, inputs, [{ type: x.type, shape }], { keepdims: Number(keepDims) }));
  };
}

export const reduceSum = reduce('ReduceSum');
export const reduceMean = reduce('ReduceMean');
export const reduceMax = reduce('ReduceMax');
export const reduceMin = reduce('ReduceMin');

/** Sums a gradient back to the shape its value had before broadcasting. */
export function sumTo(g: Graph, x: Value, shape: Shape): Value {
  const axes = broadcastAxes(x.shape, shape);
  if (axes.length === 0) return x;
  const kept = axes.filter((axis) => axis >= x.shape.length - shape.length);
  const summed = reduceSum(g, x, axes, kept.length === axes.length);
  return kept.length === axes.length ? summed : reshape(g, summed, shape);
}
