/** What `probability >= t` gives at some thresholds t, from the highest down. */
export interface Cuts {
  /** Descending. */
  readonly thresholds: Float32Array | Float64Array;
  /** Rows at or above each. */
  readonly predicted: Int32Array;
  /** Positive ones of them. */
  readonly truePositives: Int32Array;
  /** Positive ones of all rows. */
  readonly positives: number;
}

/**
 * All cuts of the rows, one at every distinct probability, in O(n log n).
 *
 * @param probabilities at least 0, without NaN
 * @param labels 0 or 1 per row
 */
export function cutsOf(
  probabilities: Float32Array,
  labels: Uint8Array,
): Cuts & { readonly thresholds: Float32Array } {
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
    positives,
  };
}

/**
 * The cuts at the thresholds of a grid, of `p >= t` in float64, `p` being a float32 widened; in O(n).
 *
 * @param labels 0 or 1 per row
 * @param grid ascending
 */
export function gridCuts(probabilities: Float32Array, labels: Uint8Array, grid: Float64Array): Cuts {
  // How many rows, and how many positive ones, reach exactly the first n thresholds.
  const rows = new Int32Array(grid.length + 1);
  const positives = new Int32Array(grid.length + 1);
  for (let row = 0; row < labels.length; row++) {
    const reached = thresholdsReached(probabilities[row]!, grid);
    rows[reached]! += 1;
    positives[reached]! += labels[row]!;
  }
  const [predicted, truePositives] = [new Int32Array(grid.length), new Int32Array(grid.length)];
  let [given, hits] = [0, 0];
  for (let cut = 0; cut < grid.length; cut++) {
    predicted[cut] = given += rows[grid.length - cut]!;
    truePositives[cut] = hits += positives[grid.length - cut]!;
  }
  return {
    thresholds: grid.toReversed(),
    predicted,
    truePositives,
    positives: hits + positives[0]!,
  };
}

/** How many thresholds of an ascending grid are at most `p`; none for NaN. */
function thresholdsReached(p: number, grid: Float64Array): number {
  let reached = 0;
  while (reached < grid.length && p >= grid[reached]!) reached++;
  return reached;
}
