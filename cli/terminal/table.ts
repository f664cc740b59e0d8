import { columns, padEnd, padStart } from './layout.js';

/**
 * Lines of a table: the first column to the left, the others to the right, two spaces between. Cells may
 * hold colour codes.
 *
 * @param others where the columns after the first stand: numbers to the right, words to the left
 */
export function tableLines(
  rows: readonly (readonly string[])[],
  others: 'left' | 'right' = 'right',
): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => columns(row[i] ?? ''))));
  const pad = (i: number): typeof padEnd => (i === 0 || others === 'left' ? padEnd : padStart);
  return rows.map((row) =>
    row
      .map((cell, i) => pad(i)(cell, widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
