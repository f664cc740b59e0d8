import { InputFault } from '../errors/fault.js';

/** A place in a table's file. Numbers are what a person counts, never what stands there. */
export interface TablePlace {
  readonly file: string;
  /** Data row, 1-based, the header not counted. */
  readonly row?: number;
  /** Line of the file, 1-based, where the row starts. */
  readonly line?: number;
  readonly column?: string;
}

/** A table that cannot be used. Tells where, never the text of a row: it may be private. */
export class TableFault extends InputFault {
  constructor(
    place: TablePlace,
    details: { what: string; expected?: string; found?: string; remedy?: string },
  ) {
    super({ where: renderPlace(place), ...details });
  }
}

/** `train.csv, row 3 (line 5), column joy`. */
export function renderPlace({ file, row, line, column }: TablePlace): string {
  const parts = [file];
  if (row !== undefined) parts.push(line === undefined ? `row ${row}` : `row ${row} (line ${line})`);
  else if (line !== undefined) parts.push(`line ${line}`);
  if (column !== undefined) parts.push(`column ${JSON.stringify(column)}`);
  return parts.join(', ');
}
