import type { Classifier } from '../models/family.js';

/**
 * The rows of the word embedding that the training file uses. AdamW moves any other row only by its decay,
 * ∏(1 − lrₜ·λ), which is applied at export; so those rows need no memory, no optimizer and no checkpoint.
 */
export class CompactVocabulary {
  private constructor(
    /** Ids that occur, ascending: compact id → id. */
    readonly rows: Int32Array,
    private readonly compactOf: ReadonlyMap<number, number>,
  ) {}

  static of(texts: readonly Int32Array[]): CompactVocabulary {
    const rows = Int32Array.from(new Set(texts.flatMap((text) => [...text]))).sort();
    return new CompactVocabulary(rows, new Map(Array.from(rows, (id, compact) => [id, compact])));
  }

  get size(): number {
    return this.rows.length;
  }

  /** The classifier over compact ids. */
  classifier(classifier: Classifier): Classifier {
    const { first, skipped } = classifier.positions;
    const compact = skipped === null ? null : (this.compactOf.get(skipped) ?? null);
    return { ...classifier, positions: { first, skipped: compact } };
  }

  /** @throws RangeError for an id that did not occur */
  compact(text: Int32Array): Int32Array {
    return text.map((id) => {
      const compact = this.compactOf.get(id);
      if (compact === undefined) throw new RangeError(`token ${id} is not of this vocabulary`);
      return compact;
    });
  }
}

/**
 * What is left of a weight that only decays, after the given learning rates (float64).
 *
 * @param averageShare by what share the average of the weights moves after a step, counted from 0; the average is
 *   what is asked for where it ever moves
 */
export function decayFactor(
  learningRates: Iterable<number>,
  weightDecay: number,
  averageShare: (step: number) => number | null = () => null,
): number {
  let factor = 1;
  let average: number | null = null;
  let step = 0;
  for (const rate of learningRates) {
    factor *= 1 - rate * weightDecay;
    const share = averageShare(step++);
    if (share !== null) average = (1 - share) * (average ?? 1) + share * factor;
  }
  return average ?? factor;
}
