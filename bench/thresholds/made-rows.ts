import { RandomState } from '../../data/splits/random-state.js';

/** Rows with a truth and probabilities that know something of it, `[rows, labels]`. */
export interface MadeRows {
  readonly rows: number;
  readonly labels: number;
  readonly probabilities: Float32Array;
  readonly truth: Uint8Array;
  /** The fold of each row. */
  readonly folds: Int32Array;
}

const steps = 2 ** 24 - 1;
const folds = 5;

/** The same for the same size; labels from frequent to rare. */
export function makeRows(rows: number, labels: number): MadeRows {
  const random = new RandomState(1);
  const next = (): number => random.upTo(steps) / steps;
  const truth = Uint8Array.from({ length: rows * labels }, (_, entry) =>
    Number(next() < 0.5 / (1 + (entry % labels))),
  );
  const probabilities = Float32Array.from(truth, (label) => 0.7 * next() + 0.3 * label);
  return {
    rows,
    labels,
    probabilities,
    truth,
    folds: Int32Array.from({ length: rows }, (_, row) => 1 + (row % folds)),
  };
}
