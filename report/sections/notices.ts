import { html } from '../html.js';
import { memberNotices } from '../member-words.js';
import { count } from '../notation.js';
import { withoutFolders } from '../places.js';
import type { RunResult } from '../run-result.js';
import type { Section } from '../section.js';

/** What a reader must know before the scores: folds left out, rows left out, warnings. */
export const noticeSection: Section = {
  id: 'notices',
  title: 'Mind this',
  draw: ({ result }) => {
    const { warnings, configuration } = result;
    const messages = [
      ...skipped(result),
      ...memberNotices(result),
      ...warnings.map((text) => withoutFolders(text, configuration)),
    ];
    if (messages.length === 0) return null;
    return html`<ul class="notices">
      ${messages.map((message) => html`<li>${message}</li>`)}
    </ul>`;
  },
};

function skipped({ skippedFolds, rowsWithoutOof, rows }: RunResult): string[] {
  const messages: string[] = [];
  if (skippedFolds.length > 0) {
    const folds = skippedFolds.length === 1 ? 'Fold' : 'Folds';
    const were = skippedFolds.length === 1 ? 'was' : 'were';
    messages.push(`${folds} ${skippedFolds.join(', ')} ${were} skipped; the ensemble does without.`);
  }
  if (rowsWithoutOof > 0) {
    messages.push(
      `${count(rowsWithoutOof)} of ${count(rows.train)} training rows have no out-of-fold prediction and are left out of every score.`,
    );
  }
  return messages;
}
