import { html, nothing, type Html } from './html.js';

/** A column of a table: its heading, and what stands in it. */
export interface Column<Row> {
  readonly head: string | Html;
  readonly cell: (row: Row, place: number) => string | number | Html;
  /** Of its cells, by row or for all. */
  readonly kind?: CellKind | ((row: Row, place: number) => CellKind);
}

/**
 * `honest`: a number to believe. `doubt`: one to doubt. `text`: words, from the left. `h0` … `h10`: shades, from
 * none to the darkest. `''`: a number like any other.
 */
export type CellKind = '' | 'honest' | 'doubt' | 'text' | 'text honest' | 'text doubt' | `h${number}`;

export interface TableOptions<Row> {
  /** What a screen reader calls it. */
  readonly label: string;
  /** The first one names the row. */
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  /** Rows at the foot, such as a mean. */
  readonly foot?: readonly Row[];
  /** Of a row, what the filter goes by (see sections/filter.ts). */
  readonly rowClass?: (row: Row) => string;
}

/** A table that scrolls sideways by itself where the page is narrow, by keyboard too. */
export function dataTable<Row>({ label, columns, rows, foot = [], rowClass }: TableOptions<Row>): Html {
  const line = (row: Row, place: number): Html =>
    html`<tr${rowClass === undefined ? nothing : html` class="${rowClass(row)}"`}>${columns.map(
      (column, index) =>
        index === 0 ? html`<th scope="row">${column.cell(row, place)}</th>` : cellOf(column, row, place),
    )}</tr>`;
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0">
    <table>
      <thead>
        <tr>
          ${columns.map((column) => headOf(column, rows[0]))}
        </tr>
      </thead>
      <tbody>
        ${rows.map(line)}
      </tbody>
      ${
        foot.length === 0
          ? nothing
          : html`<tfoot>
              ${foot.map(line)}
            </tfoot>`
      }
    </table>
  </div>`;
}

/** Above words it stands to the left as they do. */
function headOf<Row>({ head, kind }: Column<Row>, first: Row | undefined): Html {
  const name = typeof kind === 'function' && first !== undefined ? kind(first, 0) : kind;
  const ofWords = typeof name === 'string' && name.startsWith('text');
  return ofWords ? html`<th scope="col" class="text">${head}</th>` : html`<th scope="col">${head}</th>`;
}

function cellOf<Row>({ cell, kind = '' }: Column<Row>, row: Row, place: number): Html {
  const name = typeof kind === 'function' ? kind(row, place) : kind;
  return name === ''
    ? html`<td>${cell(row, place)}</td>`
    : html`<td class="${name}">${cell(row, place)}</td>`;
}
