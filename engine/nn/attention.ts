import type { Value } from '../graph/graph.js';
import type { Dim } from '../graph/shape.js';
import { softmax } from '../ops/activations.js';
import { add } from '../ops/arithmetic.js';
import { concat, gatherRows, permuteRows, reshape, split, transpose } from '../ops/layout.js';
import { matMul } from '../ops/products.js';
import { separateHeads } from './layers.js';
import type { PackedBatch, PackedGroup } from './packing.js';
import type { Scope } from './scope.js';

/** Query, key and value of one layer, each `[tokens, heads·headDim]`. */
export interface Projections {
  readonly query: Value;
  readonly key: Value;
  readonly value: Value;
}

/** Scores besides content-to-content: `[heads·batch, length, length]`, already scaled. */
export type PositionalScores = (
  group: PackedGroup,
  index: number,
  /** `[heads, batch·length, headDim]` */
  query: Value,
  /** `[heads, batch·length, headDim]` */
  key: Value,
) => Value | null;

/**
 * Scaled dot-product attention over the texts of a packed batch (Vaswani et al. 2017, eq. 1).
 *
 * @param options.alpha the factor on query·key, 1/√headDim or smaller where positional scores are added
 * @param options.masks per group what is added to its scores; by default its key mask
 * @returns the context, `[tokens, heads·headDim]`
 */
export function attention(
  scope: Scope,
  { query, key, value }: Projections,
  batch: PackedBatch,
  options: {
    heads: number;
    alpha: number;
    dropout: number;
    positional?: PositionalScores;
    masks?: readonly Value[];
  },
): Value {
  const q = toGroups(scope, query, batch, options.heads);
  const k = toGroups(scope, key, batch, options.heads);
  const v = toGroups(scope, value, batch, options.heads);
  const contexts = batch.groups.map((group, index) => {
    const [queries, keys, values] = [q[index] as Value, k[index] as Value, v[index] as Value];
    let scores = scope.tape.apply(
      matMul,
      { a: byText(scope, queries, group), b: byText(scope, keys, group) },
      { transposeB: true, alpha: options.alpha },
    ); // [heads·batch, length, length]
    const positional = options.positional?.(group, index, queries, keys) ?? null;
    if (positional !== null) scores = scope.tape.apply(add, { a: scores, b: positional });
    const masked = scope.tape.apply(add, { a: scores, b: options.masks?.[index] ?? group.keyMask });
    const probabilities = scope.dropout(
      scope.tape.apply(softmax, { x: masked }),
      options.dropout,
      'probabilities',
      index,
    );
    return scope.tape.apply(
      matMul,
      { a: probabilities, b: byText(scope, values, group) },
      { transposeB: false, alpha: 1 },
    ); // [heads·batch, length, headDim]
  });
  return toTokens(scope, contexts, batch, options.heads);
}

/** Packed rows → per group `[heads, batch·length, headDim]`. */
function toGroups(scope: Scope, x: Value, batch: PackedBatch, heads: number): readonly Value[] {
  const { slotToken: index, tokenSlot: inverse } = batch;
  const padded = scope.tape.apply(permuteRows, { x, index, inverse }); // [slots, heads·headDim]
  const rows = separateHeads(scope, padded, heads);
  const headsFirst = scope.tape.apply(transpose, { x: rows }, { permutation: [1, 0, 2] });
  const sizes = batch.groups.map((group) => group.dims.slots);
  if (sizes.length === 1) {
    const shape = [heads, sizes[0] as Dim, headsFirst.shape[2] as Dim];
    return [scope.tape.apply(reshape, { x: headsFirst }, { shape })];
  }
  return scope.tape.applyAll(split, { x: headsFirst }, { axis: 1, sizes });
}

/** `[heads, batch·length, n]` → `[heads·batch, length, n]`; no copy. */
export function byText(scope: Scope, x: Value, { dims }: PackedGroup): Value {
  return scope.tape.apply(reshape, { x }, { shape: [dims.headBatch, dims.length, x.shape[2] as Dim] });
}

/** Per group `[heads·batch, length, headDim]` → packed rows `[tokens, heads·headDim]`. */
function toTokens(scope: Scope, contexts: readonly Value[], batch: PackedBatch, heads: number): Value {
  const headDim = contexts[0]?.shape[2] as number;
  const headsFirst = contexts
    .map((x, index) => {
      const slots = contexts.length === 1 ? 'slots' : (batch.groups[index] as PackedGroup).dims.slots;
      return scope.tape.apply(reshape, { x }, { shape: [heads, slots, headDim] });
    })
    .reduce((a, b) => scope.tape.apply(concat, { a, b }, { axis: 1, size: 'slots' }));
  const rows = scope.tape.apply(transpose, { x: headsFirst }, { permutation: [1, 0, 2] });
  const padded = scope.tape.apply(reshape, { x: rows }, { shape: ['slots', heads * headDim] });
  const { tokenSlot: index, slotToken: inverse, slotMask: inverseMask } = batch;
  return scope.tape.apply(gatherRows, { x: padded, index, inverse, inverseMask });
}
