import { nearest } from '../errors/suggestion.js';
import { cells, listed } from './columns.js';
import type { TextTable } from './csv.js';
import { TableFault } from './table-fault.js';

export interface LabelValues {
  /** Per row, 0 or 1 per label. */
  readonly values: readonly (readonly number[])[];
  readonly warnings: readonly string[];
}

/**
 * The label columns of a training table, in the order of `labels`. Cells are exactly `0` or `1`.
 *
 * @throws TableFault for a missing column or another cell
 */
export function readLabels(table: TextTable, labels: readonly string[]): LabelValues {
  requireColumns(table, labels);
  const columns = labels.map((label) => labelColumn(table, label));
  const values = Array.from(table.lines, (_, row) => columns.map((column) => column[row]!));
  return {
    values,
    warnings: labels.flatMap((label, index) => constantWarnings(table, label, columns[index]!)),
  };
}

function requireColumns(table: TextTable, labels: readonly string[]): void {
  const names = table.columns.columnNames();
  const missing = labels.filter((label) => !names.includes(label));
  if (missing.length === 0) return;
  const hints = missing.flatMap((label) => {
    const near = nearest(
      label,
      names.filter((name) => !labels.includes(name)),
    );
    return near === undefined ? [] : [`${JSON.stringify(near)} for ${JSON.stringify(label)}`];
  });
  const guess = hints.length === 0 ? '' : ` Did you mean ${hints.join(', ')}?`;
  throw new TableFault(
    { file: table.file },
    {
      what: `${missing.length === 1 ? 'a label column is' : 'label columns are'} missing`,
      expected: listed(missing),
      found: `the columns ${listed(names)}`,
      remedy: `Correct the labels of the pipeline or the header of the table.${guess}`,
    },
  );
}

function labelColumn(table: TextTable, label: string): number[] {
  const column = cells(table, label);
  const wrong = column.flatMap((cell, row) => (cell === '0' || cell === '1' ? [] : [row]));
  if (wrong.length === 0) return column.map(Number);
  const row = wrong[0]!;
  const others = wrong.length === 1 ? '' : `; so are ${wrong.length - 1} more of this column`;
  throw new TableFault(
    { file: table.file, row: row + 1, line: table.lines[row]!, column: label },
    {
      what: `a label is not 0 or 1${others}`,
      expected: '0 or 1',
      found: kindOf(column[row]!),
      remedy: 'Every training row needs each of its labels as 0 or 1, written so.',
    },
  );
}

/** What a cell is, without its text: in a table whose columns are shifted it may be anything. */
function kindOf(cell: string): string {
  const text = cell.trim();
  if (text === '') return 'a blank';
  if (/^(?:nan|na|null|none|n\/a)$/i.test(text)) return 'a missing value (NaN or the like)';
  if (/^(?:true|false|yes|no)$/i.test(text)) return 'a word for true or false';
  if (text !== cell && (text === '0' || text === '1')) return '0 or 1 with spaces around it';
  return Number.isFinite(Number(text)) ? 'a number in another form' : 'text';
}

function constantWarnings(table: TextTable, label: string, column: readonly number[]): string[] {
  const positives = column.reduce((sum, value) => sum + value, 0);
  const name = `${table.file}: the label ${JSON.stringify(label)}`;
  if (positives === 0) return [`${name} never occurs: nothing can be learnt about it.`];
  return positives === column.length ? [`${name} is 1 in every row: nothing can be learnt about it.`] : [];
}
