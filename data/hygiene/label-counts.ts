import { z } from 'zod';

const count = z.int().min(0);

/** How often labels occur, alone and together. */
export const labelCountsSchema = z.object({
  /** Rows of each label. */
  positives: z.record(z.string(), count),
  /** Rows without a label, with one, with two …; the last entry counts those with as many or more. */
  perRow: z.array(count),
  /** Rows that have both of two labels, each label's own rows on the diagonal: of the most frequent labels. */
  together: z.object({ labels: z.array(z.string()), counts: z.array(z.array(count)) }),
});
export type LabelCounts = z.output<typeof labelCountsSchema>;

/** Labels whose pairs are counted. */
const mostTogether = 100;
const mostPerRow = 20;

/** @param truth 0 or 1, `[rows, labels]` */
export function countLabels(labels: readonly string[], truth: Uint8Array): LabelCounts {
  const width = labels.length;
  const positives = new Float64Array(width);
  for (let entry = 0; entry < truth.length; entry++) positives[entry % width]! += truth[entry]!;
  const chosen = Array.from(labels.keys())
    .sort((a, b) => positives[b]! - positives[a]! || a - b)
    .slice(0, mostTogether)
    .sort((a, b) => a - b);
  const counts = chosen.map(() => chosen.map(() => 0));
  const perRow = new Array<number>(Math.min(width, mostPerRow) + 1).fill(0);
  for (let start = 0; start < truth.length; start += width) {
    const own: number[] = [];
    let having = 0;
    for (let index = 0; index < width; index++) having += truth[start + index]!;
    chosen.forEach((label, place) => {
      if (truth[start + label] === 1) own.push(place);
    });
    perRow[Math.min(having, perRow.length - 1)]! += 1;
    for (const one of own) for (const other of own) counts[one]![other]! += 1;
  }
  return {
    positives: Object.fromEntries(labels.map((label, index) => [label, positives[index]!])),
    perRow,
    together: { labels: chosen.map((label) => labels[label]!), counts },
  };
}
