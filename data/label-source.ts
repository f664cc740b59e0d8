import type { ReadTable } from './csv.js';

/** Reads the labels of a training table as its rows come. */
export interface LabelSource {
  append(cells: readonly string[], row: number): void;
  /**
   * 0 or 1, `[rows, labels]`.
   *
   * @throws TableFault for the first cell that is no label
   */
  values(table: ReadTable): Promise<Uint8Array>;
  /** Of labels that are the same in every row. */
  warnings(file: string, rows: number): string[];
}

export function constancyWarnings(
  file: string,
  labels: readonly string[],
  positives: Float64Array,
  rows: number,
): string[] {
  return labels.flatMap((label, index) => {
    const name = `${file}: the label ${JSON.stringify(label)}`;
    if (positives[index] === 0) return [`${name} never occurs: nothing can be learnt about it.`];
    return positives[index] === rows ? [`${name} is 1 in every row: nothing can be learnt about it.`] : [];
  });
}
