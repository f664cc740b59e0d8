import { html, type Html } from './html.js';
import { count } from './notation.js';
import type { ReportInput } from './report-input.js';

/**
 * A row of the training table: its text where texts are shown, and where it stands. The text may be in any script
 * and direction, and changes that of nothing around it.
 */
export function rowQuote({ texts }: Pick<ReportInput, 'texts'>, row: number): Html {
  const shown = texts?.get(row);
  if (shown === undefined) return html`<p class="quote">row ${count(row + 1)}</p>`;
  return html`<blockquote class="quote" dir="auto">${visible(shown.text)}</blockquote>
    <p>row ${count(row + 1)}, id <bdi>${visible(shown.id)}</bdi></p>`;
}

/** What a page cannot hold, or what would reverse or hide the text around it, as a sign of its own. */
function visible(text: string): string {
  return text.replaceAll(hidden, (character) => `⟨U+${hexadecimal(character)}⟩`);
}

/** Controls but for tabs and ends of lines, marks of direction and its overrides. */
const hidden =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

function hexadecimal(character: string): string {
  return character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
}
