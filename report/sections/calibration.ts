import { calibrationRows, calibrationWords } from '../decision-words.js';
import { html } from '../html.js';
import { score } from '../notation.js';
import type { Section } from '../section.js';
import { dataTable } from '../table.js';

/** What calibration changes, where the pipeline does so. */
export const calibrationSection: Section = {
  id: 'calibration',
  title: 'Calibration',
  draw: ({ result }) => {
    const table = calibrationRows(result);
    if (table === null) return null;
    const { classes } = result;
    return html`<p class="words">
        ${calibrationWords(result) ?? ''} For these scores the rows of each fold were calibrated by what was
        fitted on the other folds’ rows.
        ${classes === undefined ? 'The last row has the means' : 'In the last row the Brier score is summed over the classes, the calibration error is that of the likeliest class, and the log loss that of the true one'}.
      </p>
      ${dataTable<(typeof table.rows)[number]>({
        label: 'Calibration',
        rows: table.rows.slice(0, -1),
        foot: table.rows.slice(-1),
        columns: [
          { head: 'label', cell: ({ name }) => name },
          { head: 'Brier score before', cell: ({ before }) => score(before.brier) },
          { head: 'after', cell: ({ after }) => score(after.brier), kind: 'honest' },
          { head: 'calibration error before', cell: ({ before }) => score(before.calibrationError) },
          { head: 'after', cell: ({ after }) => score(after.calibrationError), kind: 'honest' },
          { head: 'log loss before', cell: ({ before }) => score(before.logLoss) },
          { head: 'after', cell: ({ after }) => score(after.logLoss), kind: 'honest' },
        ],
      })}`;
  },
};
