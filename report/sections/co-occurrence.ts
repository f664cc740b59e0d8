import { coOccurrence } from '../../metrics/co-occurrence.js';
import { html } from '../html.js';
import { percent } from '../notation.js';
import type { Section } from '../section.js';
import { shareMatrix } from '../share-matrix.js';

/** Which labels go together in the data and in what is decided, and which are given in the place of which. */
export const coOccurrenceSection: Section = {
  id: 'co-occurrence',
  title: 'Labels together',
  draw: ({ result: { labels, classes }, judged }) => {
    if (classes !== undefined || labels.length < 2 || judged.rows.length === 0) return null;
    const { labels: truth, decided, width } = judged;
    const [given, predicted] = [coOccurrence(truth, truth, width), coOccurrence(decided, decided, width)];
    const missed = truth.map((label, entry) => label & ~decided[entry]!);
    const wrong = decided.map((label, entry) => label & ~truth[entry]!);
    const swapped = coOccurrence(missed, wrong, width);
    const missedRows = coOccurrence(missed, missed, width);
    /** Of the rows that have the label of the row, how many are counted in the cell. */
    const sharesOf = (counts: Uint32Array, of: Uint32Array) => (row: number, column: number) =>
      counts[row * width + column]! / of[row * width + row]!;
    const together = (label: string, counts: Uint32Array) => {
      const share = sharesOf(counts, counts);
      return shareMatrix({
        label,
        corner: 'of the rows with',
        names: labels,
        // All rows with a label have it: that would outshine the rest.
        share: (row, column) => (row === column ? 0 : share(row, column)),
        text: (row, column) =>
          row === column ? String(counts[row * width + row]!) : percent(share(row, column)),
        rank: (row, column) => counts[row * width + column]!,
        symmetric: true,
      });
    };
    const instead = sharesOf(swapped, missedRows);
    return html`<p class="words">
        Of the rows with the label on the left, how many have the other one, too; where a label meets itself
        stands the number of its rows. Predicted are the decisions by the tuned thresholds. Labels that go
        together when predicted, but not in the data, are told apart badly.
      </p>
      <h3>In the data</h3>
      ${together('Labels together in the data', given)}
      <h3>As predicted</h3>
      ${together('Labels together as predicted', predicted)}
      <h3>Missed, and given in its place</h3>
      <p class="words">
        Of the rows in which the label on the left was missed, how many were wrongly given the other one;
        where a label meets itself stands in how many rows it was missed.
      </p>
      ${shareMatrix({
        label: 'Labels missed and given in their place',
        corner: 'missed',
        names: labels,
        share: (row, column) => (row === column ? 0 : instead(row, column)),
        text: (row, column) =>
          row === column ? String(missedRows[row * width + row]!) : percent(instead(row, column)),
        rank: (row, column) => swapped[row * width + column]!,
        symmetric: false,
      })}`;
  },
};
