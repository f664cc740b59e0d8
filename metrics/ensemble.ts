/**
 * Mean of several models' probabilities, entry by entry, summed in their order in float32: equal bit
 * for bit to NumPy's mean of float32 arrays over the first axis.
 *
 * @throws RangeError for no models, or for arrays of different lengths
 */
export function meanProbabilities(models: readonly Float32Array[]): Float32Array {
  const [first, ...others] = models;
  if (first === undefined) throw new RangeError('the mean of no models is not defined');
  const sum = Float32Array.from(first);
  for (const probabilities of others) {
    if (probabilities.length !== sum.length) {
      throw new RangeError(`${probabilities.length} probabilities, but ${sum.length} of the first model`);
    }
    probabilities.forEach((p, index) => (sum[index]! += p));
  }
  return sum.map((total) => total / models.length);
}
