/**
 * Rows that are probably mislabelled, by confident learning over out-of-fold probabilities: Northcutt, Jiang and
 * Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels", 2021, pruned by noise rate. Equal to
 * cleanlab's `find_label_issues`; of rows that it holds equal the first count.
 */
export interface LabelIssues {
  /** Rows, the worst first: by the probability of what they were given, of equals the first row. */
  readonly ranked: Int32Array;
  /** The probability of what each row was given: its label quality, by self-confidence. */
  readonly scores: Float64Array;
  /**
   * Estimated rows by the class that was given, then by the true one: entry `[given · width + truth]`, as many
   * together as there are rows.
   */
  readonly joint: Float64Array;
}

/** How far apart two probabilities may be and still be held equal. */
const tolerance = 1e-6;
/** No class is found wherever its probability is nothing. */
const leastThreshold = 2 * tolerance;
/** Above every probability: of a class that no row was given. */
const unreachable = 2;

/**
 * @param given the class of each row, 0 … width − 1
 * @param probabilities `[rows, width]`, without NaN
 */
export function findLabelIssues(
  given: Int32Array,
  probabilities: Float32Array | Float64Array,
  width: number,
): LabelIssues {
  const rows = given.length;
  const rowsOf = rowsByClass(given, width);
  const scores = Float64Array.from(given, (label, row) => probabilities[row * width + label]!);
  if (rows === 0) return { ranked: new Int32Array(), scores, joint: new Float64Array(width * width) };
  const joint = confidentJoint(given, probabilities, rowsOf);
  // Nothing can be told where all rows were given the same class.
  if (rowsOf.filter(({ length }) => length > 0).length < 2)
    return { ranked: new Int32Array(), scores, joint };
  const prune = pruned(joint, width);
  const flagged = new Uint8Array(rows);
  for (const [label, those] of rowsOf.entries()) {
    // One row of a class is left to it.
    if (those.length < 2) continue;
    for (let truth = 0; truth < width; truth++) {
      const count = prune[truth * width + label]!;
      if (truth === label || count <= 0) continue;
      const margins = Float64Array.from(
        those,
        (row) => probabilities[row * width + truth]! - probabilities[row * width + label]!,
      );
      for (const place of largest(margins, count)) flagged[those[place]!] = 1;
    }
  }
  for (let row = 0; row < rows; row++)
    if (flagged[row] === 1 && isLikeliest(probabilities, row, width, given[row]!)) flagged[row] = 0;
  const found = Int32Array.from(flagged.keys()).filter((row) => flagged[row] === 1);
  return { ranked: found.sort((a, b) => scores[a]! - scores[b]! || a - b), scores, joint };
}

/** The same of one label, which a row has or has not: 1 or 0, with the probability that it has it. */
export function findColumnIssues(given: Uint8Array, probabilities: Float32Array): LabelIssues {
  const both = new Float64Array(2 * given.length);
  probabilities.forEach((p, row) => both.set([1 - p, p], 2 * row));
  return findLabelIssues(Int32Array.from(given), both, 2);
}

function rowsByClass(given: Int32Array, width: number): Int32Array[] {
  const rowsOf = Array.from({ length: width }, () => 0);
  given.forEach((label) => (rowsOf[label]! += 1));
  const places = rowsOf.map((count) => new Int32Array(count));
  const filled = new Int32Array(width);
  given.forEach((label, row) => (places[label]![filled[label]!++] = row));
  return places;
}

/** The classes' mean probabilities of the rows that were given them: what makes a row confident (equation 2). */
function confidentThresholds(
  probabilities: Float32Array | Float64Array,
  rowsOf: readonly Int32Array[],
): Float64Array {
  const width = rowsOf.length;
  return Float64Array.from(rowsOf, (rows, label) => {
    if (rows.length === 0) return unreachable;
    const total = rows.reduce((sum, row) => sum + probabilities[row * width + label]!, 0);
    return Math.max(leastThreshold, total / rows.length);
  });
}

/** The confident joint (equation 1), calibrated to the classes' counts and rounded to whole rows (equation 3). */
function confidentJoint(
  given: Int32Array,
  probabilities: Float32Array | Float64Array,
  rowsOf: readonly Int32Array[],
): Float64Array {
  const width = rowsOf.length;
  const thresholds = confidentThresholds(probabilities, rowsOf);
  const joint = new Float64Array(width * width);
  given.forEach((label, row) => {
    let truth = -1;
    let confident = 0;
    let likeliest = 0;
    for (let index = 0; index < width; index++) {
      const p = probabilities[row * width + index]!;
      if (p > probabilities[row * width + likeliest]!) likeliest = index;
      if (p < thresholds[index]! - tolerance) continue;
      if (confident === 0) truth = index;
      confident++;
    }
    if (confident > 0) joint[label * width + (confident > 1 ? likeliest : truth)]! += 1;
  });
  for (let label = 0; label < width; label++)
    joint[label * width + label] = Math.max(1, joint[label * width + label]!);
  for (const [label, rows] of rowsOf.entries()) {
    const line = joint.subarray(label * width, (label + 1) * width);
    const total = line.reduce((sum, count) => sum + count, 0);
    line.forEach((count, truth) => (line[truth] = (count / total) * rows.length));
  }
  // Which of equal counts is rounded up hangs on the last bit: all is scaled as the original does it.
  const sum = joint.reduce((total, count) => total + count, 0);
  joint.forEach((count, place) => (joint[place] = (count / sum) * given.length));
  for (let label = 0; label < width; label++)
    roundKeepingSum(joint.subarray(label * width, (label + 1) * width));
  return joint;
}

/**
 * How many rows to prune, `[truth · width + given]`: the joint's, of which each class keeps one row that is right.
 * What that row takes is spread over the counts that are not 0.
 */
function pruned(joint: Float64Array, width: number): Float64Array {
  const counts = new Float64Array(width * width);
  for (let label = 0; label < width; label++) {
    const line = joint.subarray(label * width, (label + 1) * width);
    const right = Math.max(1, line[label]!);
    const others = Math.max(1, line.filter((count) => count !== 0).length - 1);
    const share = (right - line[label]!) / others;
    line.forEach((count, truth) => (counts[truth * width + label] = Math.trunc(Math.max(0, count - share))));
    counts[label * width + label] = right;
  }
  return counts;
}

/** Rounds numbers to whole ones with the same sum: those that were moved the farthest are moved back. */
function roundKeepingSum(values: Float64Array): void {
  const exact = Float64Array.from(values);
  const wanted = roundHalfEven(exact.reduce((sum, value) => sum + value, 0));
  values.forEach((value, place) => (values[place] = roundHalfEven(value)));
  for (;;) {
    const missing = wanted - values.reduce((sum, value) => sum + value, 0);
    // Of what is no number nothing can be rounded.
    if (missing === 0 || Number.isNaN(missing)) return;
    const step = missing < 0 ? -1 : 1;
    const order = Array.from(values.keys()).sort(
      (a, b) => exact[a]! - values[a]! - (exact[b]! - values[b]!) || a - b,
    );
    if (step > 0) order.reverse();
    for (const place of order.slice(0, Math.abs(missing))) values[place]! += step;
  }
}

function roundHalfEven(value: number): number {
  const down = Math.floor(value);
  if (value - down !== 0.5) return Math.round(value);
  return down % 2 === 0 ? down : down + 1;
}

/** The places of so many of the largest values; of equals the first. */
function largest(values: Float64Array, count: number): number[] {
  if (count >= values.length) return Array.from(values.keys());
  const least = Float64Array.from(values).sort()[values.length - count]!;
  const found: number[] = [];
  const equal: number[] = [];
  for (let place = 0; place < values.length; place++) {
    if (values[place]! > least) found.push(place);
    else if (values[place] === least) equal.push(place);
  }
  return [...found, ...equal.slice(0, count - found.length)];
}

/** Whether a row's own class is its likeliest, or as good as that. */
function isLikeliest(
  probabilities: Float32Array | Float64Array,
  row: number,
  width: number,
  given: number,
): boolean {
  const start = row * width;
  const own = probabilities[start + given]! + tolerance;
  for (let index = 0; index < width; index++) {
    const p = probabilities[start + index]!;
    // Of equals the first is the likeliest.
    if (index !== given && (p > own || (p === own && index < given))) return false;
  }
  return true;
}
