import type { Value } from '../graph/graph.js';
import type { PositionalScores } from '../nn/attention.js';
import { byText } from '../nn/attention.js';
import { separateHeads } from '../nn/layers.js';
import type { PackedGroup, RelativeSpread } from '../nn/packing.js';
import { bucketDims } from '../nn/packing.js';
import type { Scope } from '../nn/scope.js';
import { add } from '../ops/arithmetic.js';
import { sliceRows, transpose } from '../ops/layout.js';
import { matMul } from '../ops/products.js';
import { skew } from '../ops/skew.js';

/** The rows of the relative embeddings that the batch uses: `[buckets, hidden]`. */
export function relativeRows(scope: Scope, rows: number, hidden: number): Value {
  const table = scope.parameter('weight', [rows, hidden], 'normal', 'weight');
  return scope.tape.apply(sliceRows, { x: table }, bucketDims);
}

/** The relative embeddings as keys and as queries, `[buckets, hidden]`; null where a term is not of the model. */
export interface PositionProjections {
  readonly key: Value | null;
  readonly query: Value | null;
}

/**
 * The positional terms of disentangled attention (He et al. 2021, eq. 4), scaled:
 * content-to-position Qᵢ·Kʳ(δ)ᵀ and position-to-content Kⱼ·Qʳ(δ)ᵀ, with δ = i − j in both (the
 * reference's code takes δ(i, j) for the second term where the paper writes δ(j, i)).
 */
export function disentangledScores(
  scope: Scope,
  positions: PositionProjections,
  heads: number,
  alpha: number,
): PositionalScores {
  return (group, _index, query, key) => {
    const { descending, ascending } = group.spread as RelativeSpread;
    const terms: Value[] = [];
    if (positions.key !== null) {
      terms.push(relativeScores(scope, query, spread(scope, descending, positions.key, heads), group, alpha));
    }
    if (positions.query !== null) {
      const byKey = relativeScores(
        scope,
        key,
        spread(scope, ascending, positions.query, heads),
        group,
        alpha,
      );
      terms.push(scope.tape.apply(transpose, { x: byKey }, { permutation: [0, 2, 1] }));
    }
    return terms.length === 0 ? null : terms.reduce((a, b) => scope.tape.apply(add, { a, b }));
  };
}

/** Buckets → distances: `[buckets, hidden]` → `[heads, 2·length, headDim]`. */
function spread(scope: Scope, oneHot: Value, projected: Value, heads: number): Value {
  const rows = scope.tape.apply(matMul, { a: oneHot, b: projected }, { transposeB: false, alpha: 1 });
  const byHead = separateHeads(scope, rows, heads);
  return scope.tape.apply(transpose, { x: byHead }, { permutation: [1, 0, 2] });
}

/** Content `[heads, batch·length, headDim]` against positions → `[heads·batch, length, length]`. */
function relativeScores(
  scope: Scope,
  content: Value,
  positions: Value,
  group: PackedGroup,
  alpha: number,
): Value {
  const scores = scope.tape.apply(matMul, { a: content, b: positions }, { transposeB: true, alpha });
  return scope.tape.apply(skew, { x: byText(scope, scores, group) }, group.dims);
}
