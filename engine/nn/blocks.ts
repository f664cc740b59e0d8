import type { Value } from '../graph/graph.js';
import { gatherRows } from '../ops/layout.js';
import type { Activation } from './layers.js';
import { activate, layerNorm, linear, sum } from './layers.js';
import type { PackedBatch } from './packing.js';
import type { Scope } from './scope.js';

/** What the blocks of BERT's kind of encoder read of a configuration. */
export interface BlockSizes {
  readonly hidden: number;
  readonly intermediate: number;
  readonly activation: Activation;
  readonly epsilon: number;
  readonly hiddenDropout: number;
}

/** dense → dropout → add the residual → layer norm, as after attention and after the feed-forward. */
export function residual(scope: Scope, x: Value, shortcut: Value, inputs: number, sizes: BlockSizes): Value {
  const dense = linear(scope.child('dense'), x, inputs, sizes.hidden);
  const dropped = scope.dropout(dense, sizes.hiddenDropout, 'dropout');
  return layerNorm(scope.child('LayerNorm'), sum(scope, dropped, shortcut), sizes.hidden, sizes.epsilon);
}

/** The position-wise feed-forward half of a layer; `scope` is the layer's. */
export function feedForward(scope: Scope, x: Value, sizes: BlockSizes): Value {
  const expanded = linear(scope.child('intermediate').child('dense'), x, sizes.hidden, sizes.intermediate);
  const activated = activate(scope, expanded, sizes.activation);
  return residual(scope.child('output'), activated, x, sizes.intermediate, sizes);
}

/** The first token of each text: `[tokens, hidden]` → `[texts, hidden]`. */
export function firstTokens(scope: Scope, x: Value, batch: PackedBatch): Value {
  const { firstToken: index, tokenText: inverse, isFirst: inverseMask } = batch;
  return scope.tape.apply(gatherRows, { x, index, inverse, inverseMask });
}
