import { readTable, type ReadTable } from '../../data/csv.js';
import type { Header } from '../../data/header.js';
import { IdColumn } from '../../data/ids.js';

/** What the cells of one column look like. */
export interface ColumnProfile {
  readonly name: string;
  /** Whether every cell is exactly 0 or 1, and how many are 1. */
  readonly isBinary: boolean;
  readonly positives: number;
  /** Whether every cell that is not blank is 0 or 1, as of a label that is not known everywhere. */
  readonly isBinaryWithBlanks: boolean;
  readonly blanks: number;
  readonly isNumeric: boolean;
  /** Of the cells, with repetition. */
  readonly meanCharacters: number;
  readonly meanWords: number;
  /** How many rows have each value; null where there are more than `countedValues` different ones. */
  readonly values: ReadonlyMap<string, number> | null;
}

export interface TableProfile {
  readonly table: ReadTable;
  readonly header: Header;
  readonly columns: readonly ColumnProfile[];
}

/** More different values than these are not counted. */
const countedValues = 200;
/** Longer ones are no names of classes, and are not kept whole. */
const longestValue = 100;

/**
 * Reads a table once for what its columns hold.
 *
 * @throws TableFault for what is not a table
 */
export async function profileTable(file: string): Promise<TableProfile> {
  let header: Header | undefined;
  let columns: ColumnCells[] = [];
  const table = await readTable(file, (found) => {
    header = found;
    found.requireSeparator();
    columns = found.names.map(() => new ColumnCells());
    return (cells) => columns.forEach((column, place) => column.append(cells[place]!));
  });
  const { names } = header!;
  return {
    table,
    header: header!,
    columns: columns.map((column, place) => column.profile(names[place]!, table.rows)),
  };
}

class ColumnCells {
  private binary = 0;
  private positives = 0;
  private blanks = 0;
  private numeric = 0;
  private characters = 0;
  private words = 0;
  private readonly values = new Map<string, number>();

  append(cell: string): void {
    if (cell === '0' || cell === '1') this.binary++;
    if (cell === '1') this.positives++;
    if (cell.trim() === '') this.blanks++;
    else if (Number.isFinite(Number(cell))) this.numeric++;
    this.characters += cell.length;
    this.words += wordsOf(cell);
    if (this.values.size > countedValues) return;
    const value = cell.slice(0, longestValue);
    this.values.set(value, (this.values.get(value) ?? 0) + 1);
  }

  profile(name: string, rows: number): ColumnProfile {
    const { binary, positives, blanks, numeric } = this;
    return {
      name,
      isBinary: rows > 0 && binary === rows,
      positives,
      isBinaryWithBlanks: binary > 0 && blanks > 0 && binary + blanks === rows,
      blanks,
      isNumeric: numeric > 0 && numeric + blanks === rows,
      meanCharacters: this.characters / Math.max(rows, 1),
      meanWords: this.words / Math.max(rows, 1),
      values: this.values.size > countedValues ? null : this.values,
    };
  }
}

/** Runs of what is no blank. */
export function wordsOf(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}

/** Whether a column has a different value in every row. */
export async function isDistinct(file: string, name: string): Promise<boolean> {
  const ids = new IdColumn();
  await readTable(file, (header) => {
    const place = header.place(name)!;
    return (cells) => ids.append(cells[place]!);
  });
  return ids.repeated() === null;
}
