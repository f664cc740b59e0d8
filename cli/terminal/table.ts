import { columns, padEnd, padStart } from './layout.js';

/**
 * Lines of a table: the first column to the left, the others to the right, two spaces between.
 * Cells may hold colour codes.
 */
export function tableLines(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => columns(row[i] ?? ''))));
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? padEnd(cell, widths[i] ?? 0) : padStart(cell, widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
