/** Which rows belong together: by a combination of labels, by a value of a column, or as duplicates. */
export interface RowGroups {
  /** By row; groups are numbered from 0 in order of appearance. */
  readonly of: Int32Array;
  readonly count: number;
}

/** @param first by row, the first row of its group */
export function groupsByFirstRow(first: Int32Array): RowGroups {
  const of = new Int32Array(first.length);
  let count = 0;
  for (let row = 0; row < of.length; row++) of[row] = first[row] === row ? count++ : of[first[row]!]!;
  return { of, count };
}
