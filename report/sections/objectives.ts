import { objectiveRows } from '../decision-words.js';
import { html } from '../html.js';
import type { Section } from '../section.js';
import { dataTable, type CellKind } from '../table.js';

/** What thresholds were to reach, where that is something else than F1, and what they do. */
export const objectiveSection: Section = {
  id: 'objectives',
  title: 'What the thresholds were tuned for',
  draw: ({ result }) => {
    const table = objectiveRows(result);
    if (table === null) return null;
    return html`<p class="words">
        Thresholds were not tuned for F1 but for what the second column says. Of a cost less is better.
        Precision and recall are those of the cross-fitted decisions. What must be held is called held where
        these hold it; where only the rows hold it that the threshold was tuned on, new rows may not.
      </p>
      ${dataTable<readonly string[]>({
        label: 'Objectives',
        rows: table.rows,
        columns: table.head.map((head, place) => ({
          head,
          cell: (row) => row[place] ?? '',
          kind: kinds[head] ?? '',
        })),
      })}`;
  },
};

const kinds: Readonly<Record<string, CellKind>> = {
  sought: 'text',
  'cross-fitted': 'honest',
  held: 'text',
};
