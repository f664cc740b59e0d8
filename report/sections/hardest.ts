import { hardestRows, type HardRow } from '../hardest-rows.js';
import { html, type Html } from '../html.js';
import { count, inSentence, loss, score } from '../notation.js';
import type { PageInput, Section } from '../section.js';
import { rowQuote } from '../row-quote.js';

/** Single texts that the models are most wrong about. */
export const hardestSection: Section = {
  id: 'hardest',
  title: 'Hardest rows',
  draw: (input) => {
    const hardest = hardestRows(input);
    if (hardest.length === 0) return null;
    return html`<p class="words">
        The rows with the highest loss out of fold: what the models are most sure of, and most wrong about.
        Wrong labels are often among them, and so are texts that only people understand.
        ${input.texts === undefined ? 'Texts are not shown; the numbers are those of the rows of the training table, from 1.' : 'These texts are data of the training table: mind to whom you show this page.'}
      </p>
      <ol class="rows">
        ${hardest.map((row) => hardRow(input, row))}
      </ol>`;
  },
};

function hardRow(input: PageInput, { row, place, loss: reached }: HardRow): Html {
  const { judged } = input;
  const fold = judged.folds?.[place];
  return html`<li>
    ${rowQuote(input, row)}
    <p>
      labelled <strong>${namesOf(input, judged.labels, place)}</strong>; decided
      <strong>${namesOf(input, judged.decided, place)}</strong>; farthest off: ${surest(input, place)}. Loss
      ${loss(reached)}${fold === undefined ? '' : `, fold ${count(fold)}`}
    </p>
  </li>`;
}

function namesOf({ result, judged }: PageInput, matrix: Uint8Array, place: number): string {
  const start = place * judged.width;
  const names = result.labels.filter((_, label) => matrix[start + label] === 1);
  return names.map(inSentence).join(', ') || 'nothing';
}

/** Where probability and truth are farthest apart, at most three labels. */
function surest({ result, judged }: PageInput, place: number): string {
  const start = place * judged.width;
  const off = result.labels.map((label, index) => {
    const p = judged.probabilities[start + index]!;
    return { label, p, by: Math.abs(p - judged.labels[start + index]!) };
  });
  return off
    .sort((a, b) => b.by - a.by)
    .slice(0, 3)
    .map(({ label, p }) => `${inSentence(label)} ${score(p)}`)
    .join(', ');
}
