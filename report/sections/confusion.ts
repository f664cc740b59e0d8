import { html } from '../html.js';
import { count } from '../notation.js';
import type { Section } from '../section.js';
import { dataTable } from '../table.js';

/** Where a row has one class: rows by true and by decided class. */
export const confusionSection: Section = {
  id: 'confusion',
  title: 'Confusion',
  draw: ({ result: { classes, labels } }) => {
    if (classes === undefined) return null;
    return html`<p class="words">
        Rows by their true class (down) and by the class that the cross-fitted decision gives them (across).
        The diagonal is right.
      </p>
      ${dataTable({
        label: 'Confusion of the classes',
        rows: classes.confusion,
        columns: [
          { head: 'true class', cell: (_, truth) => labels[truth] ?? '' },
          ...labels.map((label, decided) => ({
            head: label,
            cell: (row: readonly number[]) => count(row[decided] ?? 0),
            kind: (_: unknown, truth: number) => (decided === truth ? ('honest' as const) : ('' as const)),
          })),
        ],
      })}`;
  },
};
