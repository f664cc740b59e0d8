import type { Classifier, ScratchSizes } from '../../engine/models/family.js';

/** Forward, and twice as much backward: for what goes in and for what is trained. */
const PASSES = 3;

/**
 * Floating point operations of the matrix products that one training step calls for (a multiplication and an
 * addition are two): 6·parameters·tokens in the linear layers, and the products within attention.
 *
 * Counts what is asked, not what is done: padding inside attention, the one-hot products that place relative
 * positions and the unused half of their scores count as nothing, nor do the elementwise operations.
 *
 * @param lengths tokens of each text
 */
export function usefulFlops(
  sizes: ScratchSizes,
  classifier: Pick<Classifier, 'relativePositions' | 'labels'>,
  lengths: readonly number[],
): number {
  const { hiddenSize: h, intermediateSize, layers } = sizes;
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  const pairs = lengths.reduce((sum, length) => sum + length * length, 0);
  const positions = positionRows(classifier, Math.max(...lengths));
  const linear = tokens * (4 * h * h + 2 * h * intermediateSize);
  // The shared key and query projections of the relative embeddings
  const relative = positions * 2 * h * h;
  // Scores and context; content-to-position and position-to-content besides
  const attention = pairs * h * (positions > 0 ? 4 : 2);
  const head = lengths.length * (h * h + h * classifier.labels);
  return PASSES * 2 * (layers * (linear + relative + attention) + head);
}

/** Rows of the relative embeddings that texts of that length use. */
function positionRows({ relativePositions }: Pick<Classifier, 'relativePositions'>, longest: number): number {
  if (relativePositions === null) return 0;
  return relativePositions.rowOf(longest - 1) - relativePositions.rowOf(1 - longest) + 1;
}
