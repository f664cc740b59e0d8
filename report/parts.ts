import { html, nothing, type Html } from './html.js';

/** Folded away until somebody asks for it; opened where it is printed. */
export function folded(summary: string, content: Html, open = false): Html {
  return html`<details${open ? html` open` : nothing}>
    <summary>${summary}</summary>
    ${content}
  </details>`;
}

/** A plot with its title, and a word on it. */
export function pane(title: string, plot: Html, note = ''): Html {
  return html`<figure>
    <figcaption><span>${title}</span> <small>${note}</small></figcaption>
    ${plot}
  </figure>`;
}

/** What the colours of a plot mean. */
export function legend(entries: readonly (readonly [colour: string, words: string])[]): Html {
  if (entries.length === 0) return nothing;
  return html`<p class="legend">
    ${entries.map(([colour, words]) => html`<span>${swatch(colour)} ${words}</span> `)}
  </p>`;
}

function swatch(colour: string): Html {
  return html`<svg class="swatch" viewBox="0 0 14 4" aria-hidden="true">
    <rect width="14" height="4" rx="2" fill="${colour}" />
  </svg>`;
}
