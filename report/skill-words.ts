import { tasks } from '../tasks/index.js';
import { score } from './notation.js';
import type { RunResult } from './run-result.js';

export type Assessment = NonNullable<RunResult['assessment']>;
export type Standing = Assessment['perLabel'][string];
type Assessed = Pick<RunResult, 'assessment' | 'configuration' | 'labels'>;

/** `0.623 to 0.655`; a dash where it is not defined. */
export function intervalWords([from, to]: readonly [number, number]): string {
  return Number.isNaN(from) || Number.isNaN(to) ? score(NaN) : `${score(from)} to ${score(to)}`;
}

/** A verdict in a cell. */
export const verdictWords: Readonly<Record<Standing['verdict'], string>> = {
  better: 'yes',
  'not-shown': 'not shown',
  untold: 'never occurs',
};

/** What the headline is worth, in a sentence. */
export function headlineWords({ assessment, configuration }: Assessed): string | null {
  if (assessment === undefined) return null;
  const { intervals, noSkill, verdict } = assessment.macro;
  const best = score(Math.max(noSkill.always, noSkill.guess));
  const { noSkill: by } = tasks[configuration.task].words;
  const shown =
    verdict === 'better'
      ? 'The model is better than that'
      : 'It is not shown that the model is better than that';
  const [from, to] = intervals.crossFitted.map(score);
  return `With 95 % confidence, macro F1 on new rows like these lies between ${from} and ${to}. ${by} reaches ${best}. ${shown}.`;
}

/** Labels of which it is not shown that the model knows anything, in the order of the labels. */
function unshownLabels({ assessment, labels }: Pick<RunResult, 'assessment' | 'labels'>): string[] {
  return labels.filter((label) => assessment?.perLabel[label]?.verdict === 'not-shown');
}

/** Those, and the labels that never occur: what a model says of their rows is worth nothing. */
export function unskilledLabels({ assessment, labels }: Pick<RunResult, 'assessment' | 'labels'>): string[] {
  return labels.filter((label) => (assessment?.perLabel[label]?.verdict ?? 'better') !== 'better');
}

/** Which labels those are, in a sentence; null where there is none. */
export function unshownWords(result: Assessed): string | null {
  const unshown = unshownLabels(result);
  if (unshown.length === 0) return null;
  const occurring = result.labels.filter((label) => result.assessment?.perLabel[label]?.verdict !== 'untold');
  const all = unshown.length === occurring.length;
  return `Not shown to be better than no skill: ${all ? 'any label' : named(unshown)}.`;
}

/** The first names of a list that may be long. */
export function named(names: readonly string[], most = 20): string {
  const more = names.length - most;
  return more > 0 ? `${names.slice(0, most).join(', ')} and ${more} more` : names.join(', ');
}
