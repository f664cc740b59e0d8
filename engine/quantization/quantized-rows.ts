/** A matrix of whole numbers of 8 bits, each of its rows with a scale of its own: `value·scale` is the number. */
export interface QuantizedRows {
  /** `[rows, width]` */
  readonly values: Int8Array;
  /** `[rows]` */
  readonly scales: Float32Array;
}

/**
 * Symmetric: the largest entry of a row is ±`levels`, and 0 is 0. A row of zeros has the scale 1.
 *
 * @param matrix `[rows, width]`
 * @param levels 127 at most
 */
export function quantizeRows(matrix: Float32Array, width: number, levels: number): QuantizedRows {
  const values = new Int8Array(matrix.length);
  const scales = new Float32Array(matrix.length / width);
  for (let row = 0, first = 0; row < scales.length; row++, first += width) {
    let largest = 0;
    for (let i = first; i < first + width; i++) largest = Math.max(largest, Math.abs(matrix[i] as number));
    const scale = Math.fround(largest / levels);
    scales[row] = scale === 0 ? 1 : scale;
    if (scale === 0) continue;
    for (let i = first; i < first + width; i++) {
      const level = Math.round((matrix[i] as number) / scale);
      values[i] = Math.max(-levels, Math.min(levels, level));
    }
  }
  return { values, scales };
}

/** `[rows, columns]` → `[columns, rows]` */
export function transposed(values: Int8Array, rows: number, columns: number): Int8Array {
  const turned = new Int8Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      turned[column * rows + row] = values[row * columns + column] as number;
    }
  }
  return turned;
}
