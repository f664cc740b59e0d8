import { html, nothing, type Html } from '../html.js';
import type { RunResult } from '../run-result.js';
import type { Standing } from '../skill-words.js';

/** So many labels are looked over without a filter, or a picture of them all. */
export const mostUnfiltered = 8;

/** Where the plots of a label stand. By its place: names are no anchors. */
export function labelAnchor(place: number): string {
  return `label-${place + 1}`;
}

/** The class by which the filter of labels goes. */
export function verdictClass(verdict: Standing['verdict'] | undefined): string {
  return verdict === undefined ? '' : `is-${verdict}`;
}

const choices = [
  ['all', 'all'],
  ['better', 'better than no skill'],
  ['not-shown', 'not shown to be'],
  ['untold', 'never occurring'],
] as const;

/**
 * Chooses the labels that the page shows, by their verdict: plain radio buttons that the style sheet looks at, as the
 * page has no scripts.
 */
export function labelFilter({ assessment, labels }: RunResult): Html {
  if (assessment === undefined || labels.length <= mostUnfiltered) return nothing;
  const having = (verdict: string) =>
    labels.filter((label) => verdict === 'all' || assessment.perLabel[label]?.verdict === verdict).length;
  return html`<fieldset class="filter">
    <legend>Labels shown on this page</legend>
    ${choices
      .map(([choice, words]) => ({ choice, words, of: having(choice) }))
      .filter(({ of }) => of > 0)
      .map(
        ({ choice, words, of }) =>
          html`<label
            ><input
              type="radio"
              name="labels"
              id="show-${choice}"
              ${choice === 'all' ? html`checked` : nothing}
            />
            ${words} (${of})</label
          >`,
      )}
  </fieldset>`;
}
