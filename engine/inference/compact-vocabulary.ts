import type { Classifier } from '../models/family.js';

/**
 * The rows of the word embedding that some texts use. In training AdamW moves any other row only by its decay
 * (optim/parameter-groups.ts), which is applied at export; so those rows need no memory, no optimizer and no checkpoint.
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
