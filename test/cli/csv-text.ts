/** Rows as CSV, every cell quoted. */
export function stringify(rows: readonly (readonly (string | number)[])[]): string {
  const cell = (value: string | number): string => `"${String(value).replaceAll('"', '""')}"`;
  return rows.map((row) => `${row.map(cell).join(',')}\n`).join('');
}
