import { mixed } from './shingles.js';

/**
 * Texts that agree in all minima of a band are compared. Of two texts with Jaccard similarity s some band agrees
 * with probability 1 − (1 − s⁵)²⁰: 99.96 % at 0.8, 5 % at 0.3.
 */
export const bandCount = 20;
const bandSize = 5;
const bins = bandCount * bandSize;
const empty = 0xffffffff;

/**
 * The hashes of a text's bands, into `bands` from `at` on: MinHash of one permutation (Li, Owen and Zhang, 2012),
 * empty bins filled from others as of "Optimal densification for fast and accurate minwise hashing"
 * (Shrivastava, 2017). Its time is that of the shingles, not their product with the bins.
 *
 * @param shingles hashes, at least one
 */
export function writeBands(shingles: Uint32Array, bands: Uint32Array, at: number): void {
  const minima = new Uint32Array(bins).fill(empty);
  for (let place = 0; place < shingles.length; place++) {
    const hash = shingles[place]!;
    const bin = hash % bins;
    const value = mixed(hash + 0x9e3779b9);
    if (value < minima[bin]!) minima[bin] = value;
  }
  for (let band = 0; band < bandCount; band++) {
    let hash = band + 1;
    for (let bin = band * bandSize; bin < (band + 1) * bandSize; bin++) {
      hash = mixed(Math.imul(hash, 0x01000193) ^ filled(minima, bin));
    }
    bands[at + band] = hash;
  }
}

/** The value of a bin; of an empty one, that of the first bin of a sequence of its own that is not. */
function filled(minima: Uint32Array, bin: number): number {
  let from = bin;
  for (let attempt = 1; minima[from] === empty && attempt < mostAttempts; attempt++) {
    from = mixed(bin * mostAttempts + attempt) % bins;
  }
  return minima[from]!;
}

/** Of a single bin that is not empty, the chance to miss it so often is e⁻⁴⁰. */
const mostAttempts = 40 * bins;
