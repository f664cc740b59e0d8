import { foldSplits } from './fold-splits.js';
import { selectRows } from './matrix.js';
import type { NestedProbabilities } from './nested.js';

/** A way to decide rows by something that is tuned on others. */
export interface Decider<Tuned> {
  readonly tune: (probabilities: Float32Array, labels: Uint8Array, width: number) => Tuned;
  /** 0 or 1 per row and label. */
  readonly decide: (probabilities: Float32Array, width: number, tuned: Tuned) => Uint8Array;
}

export interface CrossFitted<Tuned> {
  /** 0 or 1 per row and label. */
  readonly decided: Uint8Array;
  /** What the rows of each fold were decided by, folds ascending. */
  readonly tuned: readonly { readonly fold: number; readonly by: Tuned }[];
}

/**
 * The honest decisions: the rows of each fold are decided by what is tuned on the rows of all other folds,
 * where weights of an ensemble were learnt on those too. Where there are no other folds, it is tuned on no rows.
 *
 * @param nested without NaN
 * @param labels `[rows, width]`
 * @param folds the fold of each row
 */
export function crossFit<Tuned>(
  nested: NestedProbabilities,
  labels: Uint8Array,
  folds: Int32Array,
  width: number,
  { tune, decide }: Decider<Tuned>,
): CrossFitted<Tuned> {
  const decided = new Uint8Array(labels.length);
  const tuned: { fold: number; by: Tuned }[] = [];
  for (const { fold, inside, outside } of foldSplits(folds)) {
    const probabilities = nested.without(fold);
    const by = tune(selectRows(probabilities, width, outside), selectRows(labels, width, outside), width);
    const rows = decide(selectRows(probabilities, width, inside), width, by);
    inside.forEach((row, place) =>
      decided.set(rows.subarray(place * width, (place + 1) * width), row * width),
    );
    tuned.push({ fold, by });
  }
  return { decided, tuned };
}
