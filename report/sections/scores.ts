import { tasks } from '../../tasks/index.js';
import { html, nothing, type Html } from '../html.js';
import { count, score, tunedValue } from '../notation.js';
import { pane } from '../parts.js';
import { intervalStrip } from '../plots/interval-strip.js';
import { labelOverview } from '../plots/label-overview.js';
import type { RunResult } from '../run-result.js';
import type { Section } from '../section.js';
import { intervalWords, verdictWords, type Standing } from '../skill-words.js';
import { dataTable, type Column } from '../table.js';
import { drawnLabels } from './labels.js';
import { labelAnchor, labelFilter, mostUnfiltered, verdictClass } from './label-filter.js';

/** Scores, threshold and support of every label, and their mean. */
export const scoreSection: Section = {
  id: 'scores',
  title: 'Scores by label',
  draw: ({ result }) => {
    const { words } = tasks[result.configuration.task];
    return html`${overview(result)}
    ${result.assessment === undefined ? nothing : tableWords(words.always, result.split?.groups != null)}
    ${labelFilter(result)} ${scoreTable(result)}`;
  },
};

/** Of many labels a picture, before the table. */
function overview({ labels, perLabel, assessment }: RunResult): Html {
  if (assessment === undefined || labels.length <= mostUnfiltered) return nothing;
  const points = labels.flatMap((label) => {
    const standing = assessment.perLabel[label];
    if (standing === undefined) return [];
    const { noSkill, verdict } = standing;
    return [{ share: noSkill.guess, f1: perLabel[label]?.crossFitted ?? NaN, better: verdict === 'better' }];
  });
  return html`<div class="overview">
    ${pane(
      'F1 by how often a label occurs',
      labelOverview(points),
      'dot: better than no skill; cross: not shown to be; dashed: no skill',
    )}
  </div>`;
}

function tableWords(always: string, byGroups: boolean): Html {
  return html`<p class="words">
    The interval says how far another sample of as many ${byGroups ? 'groups of rows' : 'rows'} would move the
    cross-fitted score. “${always}” is the F1 that a label gets without reading a text, only for being
    frequent: the tick on the line from 0 to 1, where the dot is the cross-fitted score and the bar its
    interval. A label is called better where, over the same resampled rows, its score stays above that in at
    least 97.5 % of them.
  </p>`;
}

/** A label, or the mean of all. */
interface Scored {
  readonly label: string | null;
  readonly place: number;
  readonly scores: { readonly atHalf: number; readonly tuned: number; readonly crossFitted: number };
  readonly standing: Standing | undefined;
}

function scoreTable(result: RunResult): Html {
  const { labels, macroF1, perLabel, assessment, thresholds, classes } = result;
  const { words } = tasks[result.configuration.task];
  const rows = labels.flatMap((label, place): Scored[] => {
    const scores = perLabel[label];
    return scores === undefined ? [] : [{ label, place, scores, standing: assessment?.perLabel[label] }];
  });
  const drawn = new Set(drawnLabels(result).map(([, place]) => place));
  const macro: Scored = { label: null, place: -1, scores: macroF1, standing: assessment?.macro };
  const ofLabel = (cell: (label: string) => string) => (row: Scored) =>
    row.label === null ? '' : cell(row.label);
  return dataTable<Scored>({
    label: 'Scores by label',
    rows,
    foot: [macro],
    rowClass: ({ label, standing }) => (label === null ? '' : verdictClass(standing?.verdict)),
    columns: [
      {
        head: 'label',
        cell: ({ label, place }) =>
          label === null
            ? 'macro'
            : classes === undefined && drawn.has(place)
              ? html`<a href="#${labelAnchor(place)}">${label}</a>`
              : label,
      },
      {
        head: 'F1 cross-fitted',
        cell: ({ scores }) => score(scores.crossFitted),
        kind: ({ standing }) =>
          standing === undefined || standing.verdict === 'better' ? 'honest' : 'doubt',
      },
      ...(assessment === undefined ? [] : standingColumns(words.always)),
      { head: words.plain, cell: ({ scores }) => score(scores.atHalf) },
      { head: 'F1 tuned, optimistic', cell: ({ scores }) => score(scores.tuned) },
      {
        head: words.tuned,
        cell: ofLabel(
          (label) =>
            `${tunedValue(thresholds[label])}${perLabel[label]?.tunable === false ? ', not tuned' : ''}`,
        ),
      },
      ...(assessment === undefined
        ? []
        : [
            {
              head: `${words.tuned} without a fold`,
              cell: ofLabel((label) => spreadWords(perLabel[label]?.spread)),
            },
          ]),
      { head: 'support', cell: ofLabel((label) => count(perLabel[label]?.support ?? 0)) },
    ],
  });
}

function standingColumns(always: string): Column<Scored>[] {
  const best = ({ noSkill }: Standing) => Math.max(noSkill.always, noSkill.guess);
  const told = (cell: (standing: Standing, row: Scored) => string | Html) => (row: Scored) =>
    row.standing === undefined ? '' : cell(row.standing, row);
  return [
    { head: '95 % interval', cell: told(({ intervals }) => intervalWords(intervals.crossFitted)) },
    {
      head: '0 … 1',
      cell: told((standing, { scores }) =>
        intervalStrip(scores.crossFitted, standing.intervals.crossFitted, best(standing)),
      ),
    },
    { head: always, cell: told((standing) => score(best(standing))) },
    {
      head: 'better than no skill',
      cell: told(({ verdict }) => verdictWords[verdict]),
      kind: ({ standing }) => (standing?.verdict === 'better' ? 'text honest' : 'text doubt'),
    },
  ];
}

/** What was tuned without each of the folds: one value, or the least and the most. */
function spreadWords(spread: readonly [number, number] | undefined): string {
  if (spread === undefined || spread.some(Number.isNaN)) return score(NaN);
  const [least, most] = spread.map(tunedValue) as [string, string];
  return least === most ? least : `${least} to ${most}`;
}
