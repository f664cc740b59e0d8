import { html, nothing, type Html } from '../html.js';
import { count } from '../notation.js';
import type { RunResult } from '../run-result.js';

/** Where a row has one class: rows by true and by decided class. */
export function confusionSection({ classes, labels }: RunResult): Html {
  if (classes === undefined) return nothing;
  return html`<section>
    <h2>Confusion</h2>
    <p class="words">
      Rows by their true class (down) and by the class that the cross-fitted decision gives them (across). The
      diagonal is right.
    </p>
    <div class="scroll" role="region" aria-label="Confusion of the classes" tabindex="0">
      <table>
        <thead>
          <tr>
            <th scope="col">true class</th>
            ${labels.map((label) => html`<th scope="col">${label}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${classes.confusion.map(
            (row, truth) =>
              html`<tr>
                <th scope="row">${labels[truth] ?? ''}</th>
                ${row.map(
                  (rows, decided) =>
                    html`<td class="${decided === truth ? 'honest' : ''}">${count(rows)}</td>`,
                )}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}
