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
  /** Of all texts. */
  readonly tokens: number;
  /** Padded places of all groups. */
  readonly slots: number;
}

/** @param texts in ascending length @param groups that cover them, in order */
export function layoutOf(texts: readonly Int32Array[], groups: readonly TextGroup[]): BatchLayout {
  const tokens = texts.reduce((sum, { length }) => sum + length, 0);
  const slots = groups.reduce((sum, { batch, length }) => sum + batch * length, 0);
  return { texts, groups, tokens, slots };
}

/** The group of a number. */
export function groupOf({ groups }: BatchLayout, group: number): TextGroup {
  const found = groups[group];
  if (found === undefined) throw new RangeError(`the batch has no group ${group}`);
  return found;
}
