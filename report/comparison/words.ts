import type { Difference } from '../../metrics/difference.js';
import { change, count, score } from '../notation.js';
import type { Comparison, RunPair } from './comparison.js';

/** A verdict in a cell. */
export const differenceWords: Readonly<Record<Difference['verdict'], string>> = {
  better: 'better',
  worse: 'worse',
  'not-shown': 'not shown to differ',
  untold: 'never occurs',
};

/** `+0.012 [+0.003, +0.021]`; a dash where it is not defined. */
export function amountWords({
  difference,
  interval: [from, to],
}: Pick<Difference, 'difference' | 'interval'>): string {
  return Number.isNaN(difference) ? change(null) : `${change(difference)} [${change(from)}, ${change(to)}]`;
}

/** Whether a run is better than the base, in a sentence. */
export function verdictSentence({ base, run, macro, rows }: RunPair): string {
  const { difference, interval, verdict, differing } = macro;
  const ends = interval
    .map(Math.abs)
    .toSorted((a, b) => a - b)
    .map(score)
    .join(', ');
  if (verdict === 'better') return `${run} is better than ${base} by ${score(difference)} [${ends}].`;
  if (verdict === 'worse') return `${run} is worse than ${base} by ${score(-difference)} [${ends}].`;
  if (differing === 0) return `${run} and ${base} decide each of the ${count(rows.shared)} rows alike.`;
  return `${run} is not shown to differ from ${base}: ${amountWords(macro)}.`;
}

/** By what a run is held against the base, and what is left out: a sentence or two. */
export function basisSentence({ rows, groups, labels, macro }: RunPair): string {
  const { shared, onlyBase, onlyRun, unjudged, otherTruth } = rows;
  const only = labels.onlyBase.length + labels.onlyRun.length;
  const left = [
    ...(onlyBase + onlyRun === 0 ? [] : [`${count(onlyBase + onlyRun)} rows that one run alone has`]),
    ...(unjudged === 0 ? [] : [`${count(unjudged)} without a prediction of both`]),
    ...(otherTruth === 0 ? [] : [`${count(otherTruth)} of which the two were told other labels`]),
    ...(only === 0 ? [] : [`${count(only)} labels that one run alone has`]),
  ];
  return [
    `Cross-fitted macro F1 over the ${count(shared)} rows that both judged, ${count(macro.differing)} of them decided differently.`,
    ...(groups === null ? [] : [`They are of ${count(groups)} groups; the interval is of other groups.`]),
    ...(left.length === 0 ? [] : [`Left out: ${left.join(', ')}.`]),
  ].join(' ');
}

/** What the numbers do not say. */
export function caution({ pairs }: Pick<Comparison, 'pairs'>): string {
  const many =
    pairs.length > 1 ? ` Of ${pairs.length} comparisons each has such an interval of its own.` : '';
  return `The interval is about other rows like these, with 95 % confidence; another training seed or other folds move a run as well.${many}`;
}
