import { html, nothing, type Html } from './html.js';
import { percent } from './notation.js';
import { heatPicture, shadeOf, type Shares } from './plots/heat-picture.js';
import { dataTable, type CellKind } from './table.js';

/** Up to so many labels a matrix is a table. */
const widestTable = 12;
/** Up to so many it is a picture at least: a cell of a wider one is no pixel. */
const widestPicture = 200;
/** So many of its pairs are listed where it is no table. */
const mostPairs = 20;

export interface ShareMatrix extends Shares {
  /** What it shows, for a screen reader, and as the title of the picture. */
  readonly label: string;
  /** The heading above the names of the rows. */
  readonly corner: string;
  /** What stands in a cell of the table. */
  readonly text: (row: number, column: number) => string;
  /** What the list of pairs is ordered by; of pairs with 0 there is no word. */
  readonly rank: (row: number, column: number) => number;
  /** Whether a pair is the same the other way round. */
  readonly symmetric: boolean;
}

/** A matrix of labels by labels: a table where it is narrow, else a picture and its foremost pairs. */
export function shareMatrix(matrix: ShareMatrix): Html {
  return matrix.names.length <= widestTable ? asTable(matrix) : asPicture(matrix);
}

function asTable({ names, share, label, corner, text }: ShareMatrix): Html {
  return dataTable<string>({
    label,
    rows: names,
    columns: [
      { head: corner, cell: (name) => name },
      ...names.map((head, column) => ({
        head,
        cell: (_: string, row: number) => text(row, column),
        kind: (_: string, row: number): CellKind => `h${shadeOf(share(row, column))}`,
      })),
    ],
  });
}

function asPicture(matrix: ShareMatrix): Html {
  const { names, label } = matrix;
  return html`<div class="pair">
    ${
      names.length > widestPicture
        ? nothing
        : html`<figure>
            <figcaption>
              <span>${label}</span> <small>${names.length} × ${names.length} labels, in their order</small>
            </figcaption>
            ${heatPicture(`${label}, as a picture; its foremost pairs are in the table.`, matrix)}
          </figure>`
    }
    ${pairTable(matrix)}
  </div>`;
}

interface Pair {
  readonly row: number;
  readonly column: number;
  readonly rank: number;
}

function pairTable({ names, label, corner, share, rank, symmetric }: ShareMatrix): Html {
  const pairs: Pair[] = [];
  for (let row = 0; row < names.length; row++) {
    for (let column = symmetric ? row + 1 : 0; column < names.length; column++) {
      if (column === row || !(rank(row, column) > 0)) continue;
      pairs.push({ row, column, rank: rank(row, column) });
    }
  }
  const foremost = pairs.sort((a, b) => b.rank - a.rank).slice(0, mostPairs);
  if (foremost.length === 0) return html`<p class="words">No pair at all.</p>`;
  return dataTable<Pair>({
    label: `${label}: the foremost pairs`,
    rows: foremost,
    columns: [
      { head: corner, cell: ({ row }) => names[row]! },
      { head: 'with', cell: ({ column }) => names[column]!, kind: 'text' },
      { head: 'rows', cell: (pair) => pair.rank },
      { head: 'of its rows', cell: ({ row, column }) => percent(share(row, column)) },
    ],
  });
}
