import { html, type Html } from '../html.js';
import { shades } from '../style.js';

/** A matrix of shares, for a table or a picture of it. */
export interface Shares {
  readonly names: readonly string[];
  /** In [0, 1], by row and column; NaN where it is not defined. */
  readonly share: (row: number, column: number) => number;
}

/** The shade of a share: 0 of none, and never of some. */
export function shadeOf(share: number): number {
  return share > 0 ? Math.min(shades, Math.max(1, Math.round(share * shades))) : 0;
}

/**
 * A matrix that is too wide for a table, as a picture: a square for every cell, darker for a larger share. One path
 * for each shade, so that ten thousand cells are no more than some 100 kB. `label` is what a screen reader says.
 */
export function heatPicture(label: string, { names, share }: Shares): Html {
  const paths = Array.from({ length: shades + 1 }, () => '');
  for (let row = 0; row < names.length; row++) {
    for (let column = 0; column < names.length; column++) {
      paths[shadeOf(share(row, column))] += `M${column} ${row}h1v1h-1z`;
    }
  }
  return html`<svg
    class="heat"
    role="img"
    aria-label="${label}"
    viewBox="0 0 ${names.length} ${names.length}"
    preserveAspectRatio="xMinYMin"
  >
    ${paths
      .map((path, shade) => ({ path, shade }))
      .filter(({ path, shade }) => shade > 0 && path !== '')
      .map(
        ({ path, shade }) => html`<path d="${path}" fill="var(--accent)" fill-opacity="${shade / shades}" />`,
      )}
  </svg>`;
}
