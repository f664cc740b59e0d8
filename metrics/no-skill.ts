/** What F1 is reached without looking at a text, knowing only how often a label is true. */
export interface NoSkill {
  /** By always saying yes: precision is the label's share of the rows, recall is 1. */
  readonly always: number;
  /** By saying yes at random as often as it is true: precision and recall are both its share of the rows. */
  readonly guess: number;
}

/**
 * Of a label that is true in so many of the rows. Always saying yes is never the worse of the two. Both are 0
 * where the label never occurs, and NaN without rows.
 */
export function noSkill(positives: number, rows: number): NoSkill {
  return { always: (2 * positives) / (rows + positives), guess: positives / rows };
}
