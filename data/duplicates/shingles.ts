/** So many characters (UTF-16 units) in a row are one shingle. */
export const shingleLength = 5;

/** Of a longer text only so many of its characters count, the first ones. */
export const comparedCharacters = 50_000;

/**
 * 32-bit hashes of a text's shingles, in its order and with repetitions; a shorter text is one shingle.
 *
 * @param text normalised
 */
export function shingles(text: string): Uint32Array {
  const length = Math.min(text.length, comparedCharacters);
  const hashes = new Uint32Array(Math.max(length - shingleLength + 1, 1));
  for (let start = 0; start < hashes.length; start++) {
    const end = Math.min(start + shingleLength, length);
    let hash = 0x811c9dc5;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
    hashes[start] = mixed(hash);
  }
  return hashes;
}

/** The finaliser of MurmurHash3: every bit of the result depends on every bit of the value. */
export function mixed(value: number): number {
  let hash = value ^ (value >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Each once, ascending. */
export function distinct(hashes: Uint32Array): Uint32Array {
  const sorted = hashes.slice().sort();
  let count = 0;
  for (let at = 0; at < sorted.length; at++) {
    if (at === 0 || sorted[at] !== sorted[at - 1]) sorted[count++] = sorted[at]!;
  }
  return sorted.subarray(0, count);
}

/** The share of the shingles of either text that both have. @param one ascending, each once, as is the other */
export function jaccard(one: Uint32Array, other: Uint32Array): number {
  let common = 0;
  for (let i = 0, j = 0; i < one.length && j < other.length;) {
    const [left, right] = [one[i]!, other[j]!];
    if (left === right) common++;
    if (left <= right) i++;
    if (right <= left) j++;
  }
  return common / (one.length + other.length - common);
}
