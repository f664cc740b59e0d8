import type { Value } from '../graph/graph.js';
import { activate, layerNorm, sum } from '../nn/layers.js';
import type { PackedBatch } from '../nn/packing.js';
import type { Scope } from '../nn/scope.js';
import { dropout as maskRows } from '../ops/arithmetic.js';
import { concat, gatherRows, reshape, transpose } from '../ops/layout.js';
import { linear as linearOp } from '../ops/products.js';
import type { Settings } from './deberta-v2-settings.js';

/**
 * The convolution over the embeddings that DeBERTa-v2's larger models add to their first layer: conv →
 * dropout → activation → add to the layer's output → layer norm. Written as one product over the
 * neighbours of each token, joined: `[tokens, kernel·hidden]`.
 */
export function convolution(
  scope: Scope,
  embedded: Value,
  output: Value,
  batch: PackedBatch,
  c: Settings,
): Value {
  const [kernel, hidden] = [c.conv_kernel_size, c.hidden_size];
  const conv = scope.child('conv');
  const weight = conv.parameter('weight', [hidden, hidden, kernel], 'normal', 'weight'); // [out, in, kernel]
  const bias = conv.parameter('bias', [hidden], 'zeros', 'bias');
  const byTap = scope.tape.apply(transpose, { x: weight }, { permutation: [0, 2, 1] });
  const flat = scope.tape.apply(reshape, { x: byTap }, { shape: [hidden, kernel * hidden] });
  const windows = neighbourhood(scope, embedded, batch, kernel, hidden);
  const convolved = scope.tape.apply(linearOp, { x: windows, weight: flat, bias });
  const dropped = scope.dropout(convolved, c.hidden_dropout_prob, 'convolution');
  const activated = activate(scope, dropped, c.conv_act);
  return layerNorm(scope.child('LayerNorm'), sum(scope, output, activated), hidden, c.layer_norm_eps);
}

/** Each token's row with those before and after it, zeros beyond the text: `[tokens, kernel·hidden]`. */
function neighbourhood(scope: Scope, x: Value, batch: PackedBatch, kernel: number, hidden: number): Value {
  const reach = (kernel - 1) / 2;
  let joined: Value | null = null;
  for (let distance = -reach; distance <= reach; distance++) {
    const tap = distance === 0 ? x : shifted(scope, x, batch, distance);
    const size = (distance + reach + 1) * hidden;
    joined = joined === null ? tap : scope.tape.apply(concat, { a: joined, b: tap }, { axis: 1, size });
  }
  return joined as Value;
}

/** Rows `distance` further on in the same text; the way back is the shift by −distance. */
function shifted(scope: Scope, x: Value, batch: PackedBatch, distance: number): Value {
  const there = batch.neighbours.get(distance);
  const back = batch.neighbours.get(-distance);
  if (there === undefined || back === undefined) throw new TypeError(`no neighbours at distance ${distance}`);
  const { index: inverse, mask: inverseMask } = back;
  const rows = scope.tape.apply(gatherRows, { x, index: there.index, inverse, inverseMask });
  return scope.tape.apply(maskRows, { x: rows, mask: there.mask });
}
