/** Matrices are row-major typed arrays `[rows, width]`. */
export type Elements = Float32Array | Float64Array | Uint8Array | Int32Array;

/** A copy of one column. */
export function column<T extends Elements>(matrix: T, width: number, index: number): T {
  const values = emptyLike(matrix, matrix.length / width);
  for (let row = 0; row < values.length; row++) values[row] = matrix[row * width + index]!;
  return values;
}

/** A copy of the given rows, in the order given. */
export function selectRows<T extends Elements>(matrix: T, width: number, rows: Int32Array): T {
  const values = emptyLike(matrix, rows.length * width);
  for (let place = 0; place < rows.length; place++) {
    const start = rows[place]! * width;
    for (let index = 0; index < width; index++) values[place * width + index] = matrix[start + index]!;
  }
  return values;
}

/** The given rows, ascending and each once; of all rows the matrix itself, as a copy of a large one is as large. */
export function keepRows<T extends Elements>(matrix: T, width: number, rows: Int32Array): T {
  return rows.length * width === matrix.length ? matrix : selectRows(matrix, width, rows);
}

/** The rows that hold no NaN, ascending: those that some fold predicted. */
export function predictedRows(probabilities: Float32Array, width: number): Int32Array {
  const rows = new Int32Array(probabilities.length / width);
  let found = 0;
  for (let row = 0, entry = 0; row < rows.length; row++) {
    let isPredicted = true;
    for (const end = entry + width; entry < end; entry++) {
      if (Number.isNaN(probabilities[entry])) isPredicted = false;
    }
    if (isPredicted) rows[found++] = row;
  }
  return rows.slice(0, found);
}

const kinds = [Float32Array, Float64Array, Uint8Array, Int32Array] as const;

/** Not by its own constructor: bytes of a file are a Buffer, which Node makes anew only under protest. */
function emptyLike<T extends Elements>(matrix: T, length: number): T {
  const kind = kinds.find((each) => matrix instanceof each)!;
  return new kind(length) as T;
}
