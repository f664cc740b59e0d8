import { Header } from '../header.js';
import { idColumnOf, textColumnOf, type TableColumns } from '../text-rows.js';
import type { TextFormat } from './format.js';

/** Which columns a table has; what its header told, or of JSON lines its first object. Plain JSON. */
export interface TextLayout {
  readonly text: string;
  /** Null where rows are numbered. */
  readonly id: string | null;
  /** Cells of a row and places of the two among them; of JSON lines nothing. */
  readonly cells?: { readonly width: number; readonly text: number; readonly id: number | null };
}

const separators = { csv: ',', tsv: '\t', jsonl: undefined } as const;

/** Between the cells of a row. */
export function separatorOf(format: Exclude<TextFormat, 'jsonl'>): string {
  return separators[format];
}

/**
 * Finds the columns of a table by the names in its header, or the keys of its first object.
 *
 * @throws TableFault where there is no text column, or no id column of the name that was asked for
 */
export function layoutOf(
  file: string,
  format: TextFormat,
  names: readonly string[],
  columns: TableColumns,
): { readonly layout: TextLayout; readonly warnings: readonly string[] } {
  const header = new Header(file, names, separators[format]);
  const text = textColumnOf(header, columns);
  const { name, warnings } = idColumnOf(file, header, columns);
  header.requireDistinct();
  const layout = { text, id: name };
  if (format === 'jsonl') return { layout, warnings };
  const id = name === null ? null : header.place(name)!;
  return { layout: { ...layout, cells: { width: names.length, text: header.place(text)!, id } }, warnings };
}
