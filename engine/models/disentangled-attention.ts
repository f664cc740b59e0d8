import type { Value } from '../graph/graph.js';
import type { PositionalScores } from '../nn/attention.js';
import { byText } from '../nn/attention.js';
import { layerNorm, linear, separateHeads } from '../nn/layers.js';
import type { PackedGroup, RelativeSpread } from '../nn/packing.js';
import { bucketDims } from '../nn/packing.js';
import type { Scope } from '../nn/scope.js';
import { add } from '../ops/arithmetic.js';
import { sliceRows, transpose } from '../ops/layout.js';
import { matMul } from '../ops/products.js';
import { skew } from '../ops/skew.js';
import type { Settings } from './deberta-v2-settings.js';

/** The rows of the relative embeddings that the batch uses, normalised: `[buckets, hidden]`. */
export function relativeEmbeddings(scope: Scope, c: Settings): Value | null {
  if (!c.relative_attention) return null;
  const table = scope
    .child('rel_embeddings')
    .parameter('weight', [2 * c.span, c.hidden_size], 'normal', true);
  const used = scope.tape.apply(sliceRows, { x: table }, bucketDims);
  const normed = c.norm_rel_ebd
    .toLowerCase()
    .split('|')
    .map((part) => part.trim())
    .includes('layer_norm');
  return normed ? layerNorm(scope.child('LayerNorm'), used, c.hidden_size, c.layer_norm_eps) : used;
}

/**
 * The positional terms of disentangled attention (He et al. 2021, eq. 4), scaled:
 * content-to-position Qᵢ·Kʳ(δ)ᵀ and position-to-content Kⱼ·Qʳ(δ)ᵀ, with δ = i − j in both (the
 * reference's code takes δ(i, j) for the second term where the paper writes δ(j, i)).
 */
export function disentangledScores(
  scope: Scope,
  relative: Value,
  c: Settings,
  alpha: number,
): PositionalScores {
  const dropped = scope.dropout(relative, c.hidden_dropout_prob, 'pos_dropout');
  const position = (shared: string, own: string): Value =>
    linear(scope.child(c.share_att_key ? shared : own), dropped, c.hidden_size, c.hidden_size);
  const positionKey = c.attentionTypes.includes('c2p') ? position('key_proj', 'pos_key_proj') : null;
  const positionQuery = c.attentionTypes.includes('p2c') ? position('query_proj', 'pos_query_proj') : null;

  return (group, _index, query, key) => {
    const { descending, ascending } = group.spread as RelativeSpread;
    const terms: Value[] = [];
    if (positionKey !== null) {
      terms.push(relativeScores(scope, query, spread(scope, descending, positionKey, c), group, alpha));
    }
    if (positionQuery !== null) {
      const byKey = relativeScores(scope, key, spread(scope, ascending, positionQuery, c), group, alpha);
      terms.push(scope.tape.apply(transpose, { x: byKey }, { permutation: [0, 2, 1] }));
    }
    return terms.length === 0 ? null : terms.reduce((a, b) => scope.tape.apply(add, { a, b }));
  };
}

/** Buckets → distances: `[buckets, hidden]` → `[heads, 2·length, headDim]`. */
function spread(scope: Scope, oneHot: Value, projected: Value, c: Settings): Value {
  const rows = scope.tape.apply(matMul, { a: oneHot, b: projected }, { transposeB: false, alpha: 1 });
  const byHead = separateHeads(scope, rows, c.num_attention_heads);
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
