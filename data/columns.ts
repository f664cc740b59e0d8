import type { TextTable } from './csv.js';

/** The cells of a column, as strings. */
export function cells({ columns }: TextTable, name: string): string[] {
  return Array.from(columns.array(name) as ArrayLike<string>);
}

const listedColumns = 30;

/** Column names for a message, the first ones of very many. */
export function listed(names: readonly string[]): string {
  const shown = names
    .slice(0, listedColumns)
    .map((name) => JSON.stringify(name))
    .join(', ');
  return names.length > listedColumns ? `${shown} and ${names.length - listedColumns} more` : shown;
}
