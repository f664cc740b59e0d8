/** The rows that a fold holds out, and all others; both ascending. */
export interface FoldSplit {
  readonly fold: number;
  readonly inside: Int32Array;
  readonly outside: Int32Array;
}

/**
 * What is cross-fitted is tuned on the rows outside of a fold and judged on those inside; fold by fold,
 * ascending.
 *
 * @param folds the fold of each row
 */
export function* foldSplits(folds: Int32Array): Iterable<FoldSplit> {
  for (const fold of Int32Array.from(new Set(folds)).sort()) {
    yield {
      fold,
      inside: rowsWhere(folds, (other) => other === fold),
      outside: rowsWhere(folds, (other) => other !== fold),
    };
  }
}

function rowsWhere(folds: Int32Array, accept: (fold: number) => boolean): Int32Array {
  const rows = new Int32Array(folds.length);
  let found = 0;
  for (let row = 0; row < folds.length; row++) if (accept(folds[row]!)) rows[found++] = row;
  return rows.slice(0, found);
}
