import type { Value } from '../graph/graph.js';
import { concat, gatherRows, permuteRows, reshape, split } from '../ops/layout.js';
import { matMul } from '../ops/products.js';
import type { PackedBatch, PackedGroup } from './packing.js';
import type { Scope } from './scope.js';

/** One row for each text: `[tokens, hidden]` → `[texts, hidden]`. */

/** Its first token. */
export function firstTokens(scope: Scope, x: Value, batch: PackedBatch): Value {
  const { firstToken: index, tokenText: inverse, isFirst: inverseMask } = batch;
  return scope.tape.apply(gatherRows, { x, index, inverse, inverseMask });
}

/** The mean of its tokens: in the padded layout a product with each token's share. */
export function meanTokens(scope: Scope, x: Value, batch: PackedBatch): Value {
  const { tape } = scope;
  const hidden = x.shape[1] as number;
  const { slotToken: index, tokenSlot: inverse } = batch;
  const slots = tape.apply(permuteRows, { x, index, inverse }); // [slots, hidden]
  const sizes = batch.groups.map(({ dims }) => dims.slots);
  const parts = sizes.length === 1 ? [slots] : tape.applyAll(split, { x: slots }, { axis: 0, sizes });
  const means = batch.groups.map(({ dims, share }, index) => {
    const shape = [dims.batch, dims.length, hidden];
    const texts = tape.apply(reshape, { x: parts[index] as Value }, { shape });
    return tape.apply(matMul, { a: share as Value, b: texts }, { transposeB: false, alpha: 1 });
  }); // per group [batch, 1, hidden]
  const rows = means.map((mean, index) => {
    const size = means.length === 1 ? 'texts' : (batch.groups[index] as PackedGroup).dims.batch;
    return tape.apply(reshape, { x: mean }, { shape: [size, hidden] });
  });
  return rows.reduce((a, b) => tape.apply(concat, { a, b }, { axis: 0, size: 'texts' }));
}
