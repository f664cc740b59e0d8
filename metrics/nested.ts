import { foldSplits } from './fold-splits.js';
import { keepRows } from './matrix.js';
import { mixProbabilities } from './mixture.js';

/**
 * Out-of-fold probabilities `[rows, width]` of something that learns from them once more: the weights of an
 * ensemble. The rows of a fold are judged with what was learnt on the rows outside of it; new rows are
 * predicted with what was learnt on all. NaN where nothing predicted the row, which is so in each matrix.
 */
export interface NestedProbabilities {
  /** As new rows are predicted: thresholds and offsets for them are tuned on this. */
  readonly final: Float32Array;
  /** All rows, with what was learnt without those of a fold. */
  readonly without: (fold: number) => Float32Array;
}

/** Where nothing is learnt: of one model, or of several by their plain mean. */
export function unlearnt(probabilities: Float32Array): NestedProbabilities {
  return { final: probabilities, without: () => probabilities };
}

/** The weights of an ensemble's members, one per member. */
export interface NestedWeights {
  /** Learnt on all rows. */
  readonly final: readonly number[];
  /** Learnt on the rows outside of each fold that has any to learn from; of the others `final` is just that. */
  readonly without: readonly { readonly fold: number; readonly weights: readonly number[] }[];
}

/** The ensemble's probabilities by its nested weights (see `mixProbabilities`). */
export function nestedMixture(
  members: readonly Float32Array[],
  weights: NestedWeights,
  width: number,
): NestedProbabilities {
  const outside = new Map(weights.without.map((each) => [each.fold, each.weights]));
  const final = mixProbabilities(members, weights.final, width);
  return {
    final,
    without: (fold) => {
      const learnt = outside.get(fold);
      return learnt === undefined ? final : mixProbabilities(members, learnt, width);
    },
  };
}

/** Of some rows alone, each once, ascending. */
export function selectNested(
  nested: NestedProbabilities,
  width: number,
  rows: Int32Array,
): NestedProbabilities {
  const { final, without } = nested;
  return { final: keepRows(final, width, rows), without: (fold) => keepRows(without(fold), width, rows) };
}

/**
 * The honest probabilities: each row's with what was learnt without its fold.
 *
 * @param folds the fold of each row
 */
export function judgedProbabilities(
  { final, without }: NestedProbabilities,
  folds: Int32Array,
  width: number,
): Float32Array {
  const judged = new Float32Array(final.length);
  for (const { fold, inside } of foldSplits(folds)) {
    const seen = without(fold);
    for (const row of inside) judged.set(seen.subarray(row * width, (row + 1) * width), row * width);
  }
  return judged;
}
