import { f1ByFold } from '../../metrics/fold-scores.js';
import { deviceWords } from '../device-words.js';
import { rangeOf, type FoldRange } from '../epoch-means.js';
import { html, nothing, type Html } from '../html.js';
import { count, duration, loss, score } from '../notation.js';
import { folded } from '../parts.js';
import { dotStrip } from '../plots/dot-strip.js';
import { cellName } from '../plots/epoch-curves.js';
import type { FoldResult } from '../run-result.js';
import type { PageInput, Section } from '../section.js';
import { dataTable } from '../table.js';
import { verdictClass } from './label-filter.js';

/** Above this many rows a table starts folded up. */
const openRows = 25;
/** Above this many folds the rest is left to result.json. */
const shownFolds = 500;

/** How much scores and trainings differ from fold to fold, and how each fold was trained. */
export const foldSection: Section = {
  id: 'folds',
  title: 'Spread over folds',
  draw: (input) => {
    const { folds } = input.result;
    const rows = folds.slice(0, shownFolds);
    const more = folds.length - rows.length;
    const words =
      more > 0
        ? `The first ${rows.length} of ${count(folds.length)} folds; result.json has them all`
        : `All ${folds.length} folds`;
    const table = foldTable(rows);
    return html`<p class="words">${spreadWords(folds)}</p>
      ${labelSpread(input)}
      <h3>How each fold was trained</h3>
      ${folds.length <= openRows ? table : folded(words, table)}`;
  },
};

/** The scores of the epoch that was kept. */
export function keptEpoch({ bestEpoch, epochs }: FoldResult): FoldResult['epochs'][number] | undefined {
  return epochs.find(({ epoch }) => epoch === bestEpoch);
}

function spreadWords(folds: readonly FoldResult[]): string {
  const kept = folds.map((fold) => keptEpoch(fold)?.macroF1 ?? NaN);
  const { mean, least, most } = rangeOf(kept);
  if (Number.isNaN(mean)) return 'No fold has a score.';
  return `On the rows that each fold held out, untuned macro F1 goes from ${score(least)} to ${score(most)}, with a mean of ${score(mean)} and a standard deviation of ${score(deviation(kept))}. Where folds lie far apart, the score depends on which rows are asked.`;
}

/** Of a sample. */
function deviation(values: readonly number[]): number {
  const finite = values.filter(Number.isFinite);
  const { mean } = rangeOf(finite);
  return Math.sqrt(finite.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (finite.length - 1));
}

interface LabelSpread extends FoldRange {
  readonly label: string;
  readonly scores: readonly number[];
}

function labelSpread({ result, judged }: PageInput): Html {
  if (judged.folds === null || judged.rows.length === 0) return nothing;
  const byFold = f1ByFold(judged.labels, judged.decided, judged.folds, judged.width);
  const rows = result.labels.map((label, place): LabelSpread => {
    const scores = byFold.map(({ f1 }) => f1[place]!);
    return { label, scores, ...rangeOf(scores) };
  });
  const table = dataTable<LabelSpread>({
    label: 'F1 by fold',
    rows,
    rowClass: ({ label }) => verdictClass(result.assessment?.perLabel[label]?.verdict),
    columns: [
      { head: 'label', cell: ({ label }) => label },
      { head: '0 … 1', cell: ({ scores }) => dotStrip(scores) },
      { head: 'least', cell: ({ least }) => score(least) },
      { head: 'mean', cell: ({ mean }) => score(mean) },
      { head: 'most', cell: ({ most }) => score(most) },
    ],
  });
  return html`<h3>F1 of each label, fold by fold</h3>
    <p class="words">
      A dot for the rows of each fold, decided by the values tuned on all of them: look at how far dots lie
      apart, not at how high. Of a label with few positive rows a fold has next to none, and its dots jump.
    </p>
    ${rows.length <= openRows ? table : folded(`All ${rows.length} labels`, table)}`;
}

function foldTable(folds: readonly FoldResult[]): Html {
  return dataTable<FoldResult>({
    label: 'Folds',
    rows: folds,
    columns: [
      { head: 'fold', cell: cellName },
      { head: 'best epoch', cell: ({ bestEpoch, epochs }) => `${bestEpoch} of ${epochs.length}` },
      { head: 'macro F1', cell: (fold) => score(keptEpoch(fold)?.macroF1) },
      { head: 'validation loss', cell: (fold) => loss(keptEpoch(fold)?.valLoss) },
      { head: 'time', cell: ({ seconds }) => duration(seconds) },
      { head: 'device', cell: deviceWords },
      { head: 'threads', cell: ({ threads }) => threads },
      { head: 'attempts', cell: ({ attempts }) => attempts },
      { head: 'seed', cell: ({ seed }) => seed },
    ],
  });
}
