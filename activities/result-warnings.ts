import { thresholdGrid } from '../metrics/thresholds.js';
import { cellId } from '../pipeline/matrix.js';
import { named } from '../report/skill-words.js';
import type { Dataset, Thresholds, TrainedCell } from './outputs.js';

/** What a reader of the scores has to mind: of the data, of the folds, and of what could not be tuned. */
export function resultWarnings(data: Dataset, folds: readonly TrainedCell[], tuned: Thresholds): string[] {
  return [
    ...data.warnings,
    ...foldWarnings(folds),
    ...Object.entries(tuned.perLabel).flatMap(([label, scores]) => untuned(JSON.stringify(label), scores)),
    ...ofThresholds(tuned),
    ...notHeld(tuned.objectives),
  ];
}

/** Labels of which no threshold holds the precision or recall that must be held, or none that other rows confirm. */
function notHeld(objectives: Thresholds['objectives']): string[] {
  const sought = Object.entries(objectives?.perLabel ?? {});
  const labelsWhere = (isSo: (held: { tuned: boolean; crossFitted: boolean }) => boolean): string[] =>
    sought.filter(([, { held }]) => held !== null && isSo(held)).map(([label]) => label);
  const never = labelsWhere(({ tuned }) => !tuned);
  const here = labelsWhere(({ tuned, crossFitted }) => tuned && !crossFitted);
  return [
    ...(never.length === 0
      ? []
      : [
          `No threshold holds the precision or recall that was asked of ${labelNames(never)}: the one that comes nearest is taken.`,
        ]),
    ...(here.length === 0
      ? []
      : [
          `The precision or recall that was asked of ${labelNames(here)} is held on the rows that the threshold was tuned on, and not by the cross-fitted decisions: new rows may not hold it.`,
        ]),
  ];
}

/**
 * Labels for which the search had better gone on, or need not have begun: where nothing is known of a label, the
 * best F1 is that of always saying yes (Lipton et al., "Optimal thresholding of classifiers to maximize F1
 * measure", 2014).
 */
function ofThresholds({ thresholds, perLabel, classes, objectives, assessment }: Thresholds): string[] {
  // Offsets are searched from 0, the plain decision, to both sides.
  if (classes !== undefined) return [];
  const grid = thresholdGrid();
  const [least, most] = [grid[0]!, grid.at(-1)!];
  const tunable = Object.keys(perLabel).filter((label) => perLabel[label]!.tunable === true);
  const isForF1 = (label: string): boolean => (objectives?.perLabel[label]?.objective ?? 'f1') === 'f1';
  const always = tunable.filter(
    (label) => isForF1(label) && (assessment?.perLabel[label]?.noSkill.always ?? 0) >= perLabel[label]!.tuned,
  );
  const atEdge = tunable.filter(
    (label) => !always.includes(label) && [least, most].includes(thresholds[label] ?? NaN),
  );
  return [
    ...(always.length === 0
      ? []
      : [`No threshold that was tried gives ${labelNames(always)} a higher F1 than always saying yes does.`]),
    ...(atEdge.length === 0
      ? []
      : [
          `The threshold of ${labelNames(atEdge)} is the least or the most that is tried (${least}, ${most}): one beyond it may be better.`,
        ]),
  ];
}

function labelNames(labels: readonly string[]): string {
  const quoted = labels.map((label) => JSON.stringify(label));
  return `${labels.length === 1 ? 'the label' : 'the labels'} ${named(quoted)}`;
}

/** One line for each text, whichever folds say it. */
function foldWarnings(folds: readonly TrainedCell[]): string[] {
  const byText = new Map<string, string[]>();
  for (const cell of folds) {
    for (const text of cell.warnings) byText.set(text, [...(byText.get(text) ?? []), cellId(cell)]);
  }
  return [...byText].map(([text, numbers]) => `${foldNames(numbers)}: ${text}`);
}

function untuned(label: string, { tunable, untunedFolds = [] }: Thresholds['perLabel'][string]): string[] {
  if (tunable === false) {
    return [`The label ${label} could not be tuned: no threshold gives it an F1 above 0, so it is 0.5.`];
  }
  if (untunedFolds.length === 0) return [];
  const judged = `the cross-fitted score judges ${foldNames(untunedFolds)} at 0.5`;
  return [`The label ${label} could not be tuned on every choice of folds: ${judged}.`];
}

function foldNames(numbers: readonly (number | string)[]): string {
  return `${numbers.length === 1 ? 'fold' : 'folds'} ${numbers.join(', ')}`;
}
