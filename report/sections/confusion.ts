import { html } from '../html.js';
import { count } from '../notation.js';
import type { Section } from '../section.js';
import { shareMatrix } from '../share-matrix.js';

/** Where a row has one class: rows by true and by decided class. */
export const confusionSection: Section = {
  id: 'confusion',
  title: 'Confusion',
  draw: ({ result: { classes, labels } }) => {
    if (classes === undefined) return null;
    const { confusion } = classes;
    const rows = confusion.map((decided) => decided.reduce((sum, each) => sum + each, 0));
    const of = (truth: number, decided: number) => confusion[truth]?.[decided] ?? 0;
    return html`<p class="words">
        Rows by their true class (down) and by the class that the cross-fitted decision gives them (across).
        The diagonal is right; a strong colour elsewhere is a class that is taken for another.
      </p>
      ${shareMatrix({
        label: 'Confusion of the classes',
        corner: 'true class',
        names: labels,
        share: (truth, decided) => of(truth, decided) / rows[truth]!,
        text: (truth, decided) => count(of(truth, decided)),
        rank: (truth, decided) => of(truth, decided),
        symmetric: false,
      })}`;
  },
};
