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
  const ranked = new Uint32Array(rows);
  const value = new Float32Array(1);
  const bits = new Uint32Array(value.buffer);
  // The bits of floats that are not negative rise as they do, and leave one for the label: they sort as numbers.
  for (let row = 0; row < rows; row++) {
    value[0] = probabilities[row]! + 0;
    ranked[row] = (bits[0]! << 1) | labels[row]!;
  }
  ranked.sort();
  const [predicted, truePositives] = [new Int32Array(rows), new Int32Array(rows)];
  const words = new Uint32Array(rows);
  let [cuts, positives] = [0, 0];
  for (let place = rows - 1; place >= 0; place--) {
    const word = ranked[place]! >>> 1;
    positives += ranked[place]! & 1;
    if (place > 0 && ranked[place - 1]! >>> 1 === word) continue;
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
 * The cuts of each label at the thresholds of a grid, of `p >= t` in float64, `p` being a float32 widened; in one
 * pass over the rows.
 *
 * @param probabilities `[rows, width]`
 * @param labels `[rows, width]`, 0 or 1
 * @param grid ascending
 */
export function gridCuts(
  probabilities: Float32Array,
  labels: Uint8Array,
  width: number,
  grid: Float64Array,
): Cuts[] {
  // Of each label how many rows, and how many positive ones, reach exactly the first n thresholds.
  const kinds = grid.length + 1;
  const rows = new Int32Array(width * kinds);
  const positives = new Int32Array(width * kinds);
  for (
    let entry = 0, label = 0;
    entry < labels.length;
    entry++, label = label + 1 === width ? 0 : label + 1
  ) {
    const place = label * kinds + thresholdsReached(probabilities[entry]!, grid);
    rows[place]! += 1;
    positives[place]! += labels[entry]!;
  }
  const thresholds = grid.toReversed();
  return Array.from({ length: width }, (_, label) => {
    const [predicted, truePositives] = [new Int32Array(grid.length), new Int32Array(grid.length)];
    let [given, hits] = [0, 0];
    for (let cut = 0; cut < grid.length; cut++) {
      const place = label * kinds + grid.length - cut;
      predicted[cut] = given += rows[place]!;
      truePositives[cut] = hits += positives[place]!;
    }
    return { thresholds, predicted, truePositives, positives: hits + positives[label * kinds]! };
  });
}

/** How many thresholds of an ascending grid are at most `p`; none for NaN. */
function thresholdsReached(p: number, grid: Float64Array): number {
  const [first, last] = [grid[0]!, grid[grid.length - 1]!];
  // On an even grid it is this many, but for rounding.
  let reached = Math.min(
    grid.length,
    Math.max(0, Math.round(((p - first) / (last - first)) * (grid.length - 1)) || 0),
  );
  while (reached > 0 && !(p >= grid[reached - 1]!)) reached--;
  while (reached < grid.length && p >= grid[reached]!) reached++;
  return reached;
}
