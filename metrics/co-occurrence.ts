/**
 * In how many rows one label is set in the first matrix and another in the second: `[width, width]`, the first's
 * label down. Of a matrix with itself that is how often labels occur together.
 *
 * @param first `[rows, width]`, 0 or 1, as is `second`
 */
export function coOccurrence(first: Uint8Array, second: Uint8Array, width: number): Uint32Array {
  const [a, b] = [bitColumns(first, width), bitColumns(second, width)];
  const counts = new Uint32Array(width * width);
  for (let one = 0; one < width; one++) {
    for (let other = 0; other < width; other++) {
      let rows = 0;
      for (let word = 0; word < a[one]!.length; word++) rows += bitsOf(a[one]![word]! & b[other]![word]!);
      counts[one * width + other] = rows;
    }
  }
  return counts;
}

/** A bit per row of each column: pairs of labels are many, and rows more. */
function bitColumns(matrix: Uint8Array, width: number): Int32Array[] {
  const rows = matrix.length / width;
  const columns = Array.from({ length: width }, () => new Int32Array(Math.ceil(rows / 32)));
  for (let entry = 0, row = 0; row < rows; row++) {
    for (let label = 0; label < width; label++, entry++) {
      if (matrix[entry] === 1) columns[label]![row >>> 5]! |= 1 << (row & 31);
    }
  }
  return columns;
}

/** How many bits of a word are set. */
function bitsOf(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
