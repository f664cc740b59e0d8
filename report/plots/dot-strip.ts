import { html, nothing, type Html } from '../html.js';
import { colours } from './figure.js';

const [width, height] = [120, 14];

/** Scores on a line from 0 to 1, a dot each. The numbers stand beside it, so a screen reader passes it over. */
export function dotStrip(scores: readonly (number | null)[]): Html {
  const finite = scores.filter((score): score is number => Number.isFinite(score));
  if (finite.length === 0) return nothing;
  const x = (value: number): string => (4 + Math.min(1, Math.max(0, value)) * (width - 8)).toFixed(1);
  const middle = height / 2;
  return html`<svg class="strip" viewBox="0 0 ${width} ${height}" aria-hidden="true">
    <line x1="${x(0)}" x2="${x(1)}" y1="${middle}" y2="${middle}" stroke="var(--line)" stroke-width="2" />
    ${[...new Set(finite.map(x))].map(
      (cx) => html`<circle cx="${cx}" cy="${middle}" r="3" fill="${colours.accent}" fill-opacity="0.6" />`,
    )}
  </svg>`;
}
