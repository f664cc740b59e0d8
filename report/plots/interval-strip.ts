import { html, nothing, type Html } from '../html.js';
import { colours } from './figure.js';

const [width, height] = [120, 14];

/**
 * A score on a line, from 0 to 1 where nothing else is said, with its interval, and what it is held against: a
 * tick, as no skill. The numbers stand beside it, so a screen reader passes it over.
 */
export function intervalStrip(
  score: number,
  [from, to]: readonly [number, number],
  against: number,
  [least, most]: readonly [number, number] = [0, 1],
): Html {
  if ([score, from, to, against].some((value) => !Number.isFinite(value))) return nothing;
  const x = (value: number): string => {
    const share = (value - least) / (most - least);
    return (4 + Math.min(1, Math.max(0, share)) * (width - 8)).toFixed(1);
  };
  const middle = height / 2;
  return html`<svg class="strip" viewBox="0 0 ${width} ${height}" aria-hidden="true">
    <line
      x1="${x(least)}"
      x2="${x(most)}"
      y1="${middle}"
      y2="${middle}"
      stroke="var(--line)"
      stroke-width="2"
    />
    <line
      x1="${x(against)}"
      x2="${x(against)}"
      y1="1"
      y2="${height - 1}"
      stroke="${colours.noSkill}"
      stroke-width="2"
    />
    <line
      x1="${x(from)}"
      x2="${x(to)}"
      y1="${middle}"
      y2="${middle}"
      stroke="${colours.accent}"
      stroke-width="4"
      stroke-linecap="round"
      stroke-opacity="0.55"
    />
    <circle cx="${x(score)}" cy="${middle}" r="4" fill="${colours.accent}" />
  </svg>`;
}
