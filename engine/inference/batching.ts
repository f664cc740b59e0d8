/** How texts are divided into batches: of their ascending lengths, the ends of the batches. */
export type Batching = (lengths: readonly number[]) => number[];

/** So many texts each. */
export function ofTexts(most: number): Batching {
  return (lengths) =>
    Array.from({ length: Math.ceil(lengths.length / most) }, (_, batch) =>
      Math.min((batch + 1) * most, lengths.length),
    );
}

/**
 * So many tokens each, padded to the longest text as attention sees them; at least one text. So a product has enough
 * rows, however short the texts, and what a batch takes in memory does not grow with its texts' lengths.
 *
 * @param padded tokens that a text of so many is padded to, where it is the longest of its batch
 */
export function ofTokens(most: number, padded: (tokens: number) => number = (tokens) => tokens): Batching {
  return (lengths) => {
    const ends: number[] = [];
    let first = 0;
    lengths.forEach((length, place) => {
      if (place === first || (place + 1 - first) * padded(length) <= most) return;
      ends.push(place);
      first = place;
    });
    return lengths.length === 0 ? ends : [...ends, lengths.length];
  };
}
