/** What `probability >= t` gives at every distinct probability t, from the highest down. */
export interface Cuts {
  /** The distinct probabilities, descending. */
  readonly thresholds: Float32Array;
  /** Rows at or above each. */
  readonly predicted: Int32Array;
  /** Positive ones of them. */
  readonly truePositives: Int32Array;
}

/**
 * All cuts of the rows, in O(n log n).
 *
 * @param probabilities at least 0, without NaN
 * @param labels 0 or 1 per row
 */
export function cutsOf(probabilities: Float32Array, labels: Uint8Array): Cuts {
  const rows = probabilities.length;
  // The bits of floats that are not negative rise as they do: with the label as the last bit they sort as numbers.
  const bits = new Uint32Array(probabilities.map((p) => p + 0).buffer);
  const ranked = Float64Array.from(bits, (word, row) => 2 * word + labels[row]!).sort();
  const [predicted, truePositives] = [new Int32Array(rows), new Int32Array(rows)];
  const words = new Uint32Array(rows);
  let [cuts, positives] = [0, 0];
  for (let place = rows - 1; place >= 0; place--) {
    const word = Math.floor(ranked[place]! / 2);
    positives += ranked[place]! % 2;
    if (place > 0 && Math.floor(ranked[place - 1]! / 2) === word) continue;
    words[cuts] = word;
    predicted[cuts] = rows - place;
    truePositives[cuts] = positives;
    cuts++;
  }
  return {
    thresholds: new Float32Array(words.buffer, 0, cuts),
    predicted: predicted.subarray(0, cuts),
    truePositives: truePositives.subarray(0, cuts),
  };
}
