/** Texts `first` … `first + batch − 1` of the batch, padded to `length`. */
export interface TextGroup {
  readonly first: number;
  readonly batch: number;
  readonly length: number;
}

/** How the host has laid out a batch (nn/packing.ts): what its features are made of. */
export interface BatchLayout {
  /** The texts in ascending length, as they stand one after the other. */
  readonly texts: readonly Int32Array[];
  readonly groups: readonly TextGroup[];
  /** Rows of tokens: those of all texts, and behind them those that fill the batch up, which are no text's. */
  readonly tokens: number;
  /** Rows of texts: the texts, and behind them what fills the batch up. */
  readonly textRows: number;
  /** Padded places of all groups. */
  readonly slots: number;
}

/**
 * @param texts in ascending length
 * @param groups that cover them, in order; they may have more texts, and be longer, than there are
 * @param filled whether each padded place has a row of its own, too; default false
 */
export function layoutOf(
  texts: readonly Int32Array[],
  groups: readonly TextGroup[],
  filled = false,
): BatchLayout {
  const textRows = groups.reduce((sum, { batch }) => sum + batch, 0);
  const slots = groups.reduce((sum, { batch, length }) => sum + batch * length, 0);
  const tokens = filled ? slots : texts.reduce((sum, { length }) => sum + length, 0);
  return { texts, groups, tokens, textRows, slots };
}

/** The group of a number. */
export function groupOf({ groups }: BatchLayout, group: number): TextGroup {
  const found = groups[group];
  if (found === undefined) throw new RangeError(`the batch has no group ${group}`);
  return found;
}
